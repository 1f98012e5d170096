using CrCore.Image;

namespace CrProperty.Image;

/// <summary>Reads a whole image the way a restore does, and keeps all that it says.</summary>
internal sealed record Decoded(ImageModel Model, List<PlannedImage.Block> Blocks, List<ICrRecord> Trailer)
{
    public static Decoded Read(Stream stream, RecordCatalog? catalog = null)
    {
        using var reader = new ImageReader(stream, catalog ?? TestObject.Catalog);
        var model = reader.ReadMetadata();
        var blocks = new List<PlannedImage.Block>();
        if (model.Head.Revision == ImageFormat.Revision)
        {
            using var block = new PageBlock();
            while (reader.ReadPages(block))
                blocks.Add(new(block.ObjRef, block.Runs.ToArray(), block.Data.ToArray()));
        }
        return new(model, blocks, [.. reader.Trailer.Select(r => r.Value)]);
    }

    public static Decoded Read(byte[] image) => Read(new MemoryStream(image));
}
