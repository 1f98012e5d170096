using CrCore.Inspection;
using CrCore.Objects;
using CrCore.Protection;

namespace CrCore.Image;

/// <summary>
/// An image in a file, for those who look things up: opening reads the metadata at the front and the tail at the end,
/// never what lies between. Page blocks are found by the index, from several threads at once if need be.
/// </summary>
public sealed class ImageFile : IDisposable
{
    private readonly ImageBytes _bytes;
    private readonly RecordCatalog _catalog;
    private readonly Lazy<(IndexRecord Index, PageDirectory Pages)> _index;
    private readonly TailRecord? _tail;

    private ImageFile(string path, ImageBytes bytes, RecordCatalog catalog)
    {
        (_bytes, _catalog, Path) = (bytes, catalog, path);
        Length = bytes.Length;
        using var reader = new ImageReader(new RangeStream(bytes, 0, Length), catalog);
        Model = reader.ReadMetadata();
        // Revision 3 has neither index nor page blocks of this form.
        _tail = Model.Head.Revision >= ImageFormat.Revision ? IndexReader.ReadTail(bytes, Length, catalog) : null;
        _index = new(() =>
        {
            var index = _tail is null ? new(0, 0, 0, 0, [], []) : IndexReader.ReadIndex(bytes, _tail, Model, catalog);
            return (index, new PageDirectory(index.Blocks));
        });
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }

    /// <summary>In bytes; of an encrypted image, those of the image inside.</summary>
    public long Length { get; }

    /// <summary>All of the image but its pages, read when it was opened.</summary>
    public ImageModel Model { get; }

    /// <summary>Read at its first use. It fits the metadata and the file's length.</summary>
    /// <exception cref="CrImageException">CrImageBadIndex and others: the index is damaged.</exception>
    public IndexRecord Index => _index.Value.Index;

    /// <summary>Opens an image and reads its metadata.</summary>
    /// <param name="key">What the image was encrypted with; null for one that is not.</param>
    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied, CrImageNotAFile, CrImageEncrypted, CrImageNotEncrypted, CrKeyWrong.</exception>
    /// <exception cref="CrImageException">The bytes break the format, or the file is not whole.</exception>
    public static ImageFile Open(string path, RecordCatalog? catalog = null, ImageKey? key = null)
    {
        var stream = ImagePath.OpenFile(path);
        try
        {
            return stream.CanSeek
                ? new ImageFile(stream.Name, ProtectedImage.Unwrap(stream, key), catalog ?? Kinds.Catalog)
                : throw ImagePath.NotAFile(path);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The blocks of an object that may have pages from <paramref name="start"/> up to <paramref name="end"/>, ascending.
    /// Found in a time that does not depend on how many blocks other objects have.
    /// </summary>
    public ReadOnlySpan<PageBlockEntry> FindPages(uint objRef, ulong start = 0, ulong end = ulong.MaxValue)
        => _index.Value.Pages.Find(objRef, start, end);

    /// <summary>Reads a block that <see cref="Index"/> lists. Several threads may do so, each with a block of its own.</summary>
    /// <param name="unpack">Whether compressed pages are unpacked; else the caller does it (<see cref="PageBlock.Unpack"/>).</param>
    /// <exception cref="CrImageException">Its bytes do not match their checksum; the block is empty then.</exception>
    public void ReadPages(in PageBlockEntry entry, PageBlock block, bool unpack = true)
    {
        block.Clear();
        try
        {
            IndexReader.ReadBlock(_bytes, entry, block, _catalog);
            if (unpack)
                block.Unpack();
        }
        catch
        {
            block.Clear();
            throw;
        }
    }

    /// <summary>
    /// The records once more, each with its place and its owner: those before the first page block, of which no byte behind
    /// them is read; or all, page data passed over and checked.
    /// </summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public IEnumerable<PlacedRecord> ReadRecords(bool withPages)
    {
        using var reader = new ImageReader(new RangeStream(_bytes, 0, Length), _catalog);
        foreach (var record in RecordListing.Read(reader, withPages))
            yield return record;
    }

    /// <summary>A record's bytes as they stand in the image, header and continuations included; of a page block, those before its pages.</summary>
    /// <exception cref="CrImageException">CrImageReadFailed, CrImageTruncated.</exception>
    public byte[] ReadRaw(in ImageRecord record)
    {
        var pages = record.Value is PageArrayRecord block ? block.StoredBytes : 0;
        return ReadBytes(record.Offset, (int)(record.Length - pages));
    }

    /// <summary>Bytes of the image; of an encrypted one, those of the image inside.</summary>
    /// <exception cref="CrImageException">CrImageReadFailed, CrImageTruncated, CrImageChanged.</exception>
    public byte[] ReadBytes(long offset, int count)
    {
        var bytes = new byte[count];
        using var source = new ByteSource(new RangeStream(_bytes, offset, count), leaveOpen: false, offset);
        source.Read(bytes, "the bytes that were asked for");
        return bytes;
    }

    /// <summary>The records after the last page block.</summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public IReadOnlyList<ImageRecord> ReadTrailer()
        => Index.TrailerOffset == 0 ? [] : IndexReader.ReadTrailer(_bytes, Index, _tail!.IndexOffset, _catalog);

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();
}
