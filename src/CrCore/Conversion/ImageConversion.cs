using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Protection;

namespace CrCore.Conversion;

/// <summary>What becomes of an image when it is written anew.</summary>
public sealed record ConversionOptions
{
    /// <summary>How pages are stored; null: as they are now.</summary>
    public PageCompression? Compression { get; init; }

    /// <summary>Leave all pages out: what is left can be looked at, not restored.</summary>
    public bool DropMemory { get; init; }

    /// <summary>What is overwritten with asterisks wherever it stands in memory or in saved contents: the image cannot be restored then.</summary>
    public IReadOnlyList<MemoryPattern> Redact { get; init; } = [];

    /// <summary>What the image is encrypted with; the new one is, too.</summary>
    public ImageKey? Key { get; init; }

    /// <summary>Replace a regular file that exists under the new path; else that is an error.</summary>
    public bool Overwrite { get; init; }
}

/// <summary>What a conversion came to.</summary>
/// <param name="Length">Bytes of the new image.</param>
/// <param name="Redacted">Places that were overwritten.</param>
public readonly record struct ConversionResult(long Length, long Redacted);

/// <summary>Writes an image anew: with another compression, without its memory, without what nobody else should see.</summary>
public sealed class ImageConversion(ConversionOptions options, Action<long, long>? progress = null)
{
    private const byte Mask = (byte)'*';

    /// <exception cref="CrException">There is no new image.</exception>
    public ConversionResult Run(string path, string destination, CancellationToken cancel = default)
    {
        using var image = ImageFile.Open(path, key: options.Key);
        if (image.Model.Head.Revision < ImageFormat.Revision)
            throw ImageError.TooOld(0);
        var redaction = options.Redact.Count == 0 ? Redaction.None : Redaction.Find(image, options.Redact, options.DropMemory, cancel);
        using var file = AtomicImageFile.Create(destination, options.Overwrite);
        using var encrypting = options.Key is { } key ? new EncryptingStream(file.Stream, key) : null;
        using var writer = new ImageWriter(encrypting ?? (Stream)file.Stream, leaveOpen: true);
        var compression = options.Compression ?? CompressionOf(image.Model.Head);
        var contents = 0;
        foreach (var (record, _, _) in image.ReadRecords(withPages: false))
        {
            cancel.ThrowIfCancellationRequested();
            if (record.Value is SealRecord)
                continue;
            var value = record.Value is HeadRecord head ? NewHead(head, compression) : record.Value;
            if (value is IContentRecord content)
                value = redaction.Apply(content, contents++, Mask);
            writer.WriteRecord(value);
        }
        writer.SealMetadata();
        if (!options.DropMemory)
            CopyPages(image, writer, compression, redaction, cancel);
        foreach (var record in image.ReadTrailer())
            writer.WriteRecord(record.Value);
        writer.Finish();
        encrypting?.Complete();
        var length = file.Stream.Length;
        file.Commit();
        return new(length, redaction.Count);
    }

    private HeadRecord NewHead(HeadRecord head, PageCompression compression)
    {
        var features = head.RequiredFeatures & ~(ImageFormat.FeatureLz4 | ImageFormat.FeatureZstd);
        if (!options.DropMemory)
            features |= compression.RequiredFeature;
        if (options.DropMemory)
            features |= ImageFormat.FeatureNoMemory;
        if (options.Redact.Count > 0)
            features |= ImageFormat.FeatureRedacted;
        return head with { RequiredFeatures = features, ImageId = Guid.CreateVersion7() };
    }

    private void CopyPages(ImageFile image, ImageWriter writer, PageCompression compression, Redaction redaction, CancellationToken cancel)
    {
        using var block = new PageBlock();
        using var packer = new PagePacker(compression);
        long done = 0, total = image.Index.Blocks.Count;
        foreach (var entry in image.Index.Blocks)
        {
            cancel.ThrowIfCancellationRequested();
            image.ReadPages(entry, block);
            redaction.Apply(block, Mask);
            writer.WritePages(block.ObjRef, block.Runs, block.Data, packer, compression.Codec);
            progress?.Invoke(++done, total);
        }
    }

    private static PageCompression CompressionOf(HeadRecord head)
        => (head.RequiredFeatures & ImageFormat.FeatureZstd) != 0 ? new(PageCodec.Zstd)
        : (head.RequiredFeatures & ImageFormat.FeatureLz4) != 0 ? new(PageCodec.Lz4)
        : PageCompression.None;
}
