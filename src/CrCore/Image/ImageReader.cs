using CrCore.Image.Revision3;
using CrCore.Objects;
using CrCore.Protection;

namespace CrCore.Image;

/// <summary>
/// Reads an image forward only, from any stream: a file, a pipe. <see cref="ReadMetadata"/>, then
/// <see cref="ReadPages"/> until it says false; or <see cref="ReadRecords"/> alone, to look at all of it.
/// Whatever the bytes are, the outcome is a value or a <see cref="CrImageException"/>.
/// </summary>
public sealed class ImageReader : IDisposable
{
    private readonly FrameReader _frame;
    private readonly RecordCatalog _catalog;
    private readonly List<ImageRecord> _trailer = [];
    private ModelBuilder? _builder;
    private IRecordSequence? _stream;

    /// <param name="source">Read to its end; disposed of with the reader unless <paramref name="leaveOpen"/>.</param>
    /// <param name="catalog">The record types; by default those of all kinds.</param>
    public ImageReader(Stream source, RecordCatalog? catalog = null, bool leaveOpen = false)
    {
        _frame = new FrameReader(new ByteSource(source, leaveOpen));
        _catalog = catalog ?? Kinds.Catalog;
    }

    /// <summary>Opens an image file.</summary>
    /// <param name="key">What the image was encrypted with; null for one that is not.</param>
    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied, CrImageEncrypted, CrImageNotEncrypted, CrKeyWrong.</exception>
    public static ImageReader Open(string path, RecordCatalog? catalog = null, ImageKey? key = null, CancellationToken cancel = default)
    {
        var stream = ImagePath.OpenStream(path, cancel);
        try
        {
            return new(ProtectedImage.UnwrapStream(stream, key), catalog);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Records after the last page block, complete when <see cref="ReadPages"/> has said false.</summary>
    public IReadOnlyList<ImageRecord> Trailer => _trailer;

    /// <summary>Reads and checks everything before the first page block; of revision 3, all.</summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public ImageModel ReadMetadata(CancellationToken cancel = default)
    {
        _builder = new ModelBuilder();
        _builder.Add(ReadHead());
        while (_stream!.Next() is { } record)
        {
            cancel.ThrowIfCancellationRequested();
            if (record.Value is SealRecord)
                return _builder.Finish(_frame.Source.Offset, _stream.MetadataHash);
            _builder.Add(record);
        }
        // Revision 3 has its pages between its records: its end is the tail.
        return _builder.Finish(_frame.Source.Offset, 0);
    }

    /// <summary>
    /// Reads the next page block, checked against its seal. False when there is none: then the rest of the image, the
    /// index and the tail have been checked, too, and nothing follows.
    /// </summary>
    /// <param name="unpack">Whether compressed pages are unpacked; else the caller does it (<see cref="PageBlock.Unpack"/>).</param>
    /// <exception cref="CrImageException">The bytes break the format (the block is empty then), or the image has revision 3.</exception>
    public bool ReadPages(PageBlock block, CancellationToken cancel = default, bool unpack = true)
    {
        if (_builder is null || _stream is null)
            throw new InvalidOperationException("The metadata is read first.");
        if (_stream is Revision3Stream)
            throw ImageError.TooOld(0);
        block.Clear();
        try
        {
            while (_stream.Next(block) is { } record)
            {
                cancel.ThrowIfCancellationRequested();
                if (record.Value is PageArrayRecord pages)
                {
                    if (!_builder.HasObject(pages.ObjRef))
                        throw ImageError.Objects(record.Offset, $"pages belong to object {pages.ObjRef}, which is not there");
                    _stream.Next();
                    if (unpack)
                        block.Unpack();
                    return true;
                }
                if (record.Value is not (SealRecord or IndexRecord or TailRecord))
                    _trailer.Add(record);
            }
            return false;
        }
        catch
        {
            block.Clear();
            throw;
        }
    }

    /// <summary>
    /// All records in the image's order, page data passed over. Each is checked by itself when it comes; its checksum
    /// when the next SEAL comes; the rules of the tree are not.
    /// </summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public IEnumerable<ImageRecord> ReadRecords()
    {
        yield return ReadHead();
        while (_stream!.Next() is { } record)
            yield return record;
    }

    /// <inheritdoc/>
    public void Dispose() => _frame.Dispose();

    private ImageRecord ReadHead()
    {
        if (_stream is not null)
            throw new InvalidOperationException("The image's head has been read.");
        var record = HeadReader.Read(_frame, _catalog);
        var head = (HeadRecord)record.Value;
        _stream = head.Revision == ImageFormat.Revision3 ? new Revision3Stream(_frame, head) : new RecordStream(_frame, _catalog);
        return record;
    }
}
