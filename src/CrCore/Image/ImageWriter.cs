using System.Buffers;
using System.IO.Hashing;

namespace CrCore.Image;

/// <summary>
/// Writes an image, front to end, to any stream: it never seeks. The order is HEAD, HEAD_ARCH, TREE, image-wide records,
/// tasks; <see cref="SealMetadata"/>; page blocks; records that are known only at the end; <see cref="Finish"/>.
/// One thread at a time. A wrong order is the caller's defect: InvalidOperationException.
/// </summary>
public sealed class ImageWriter(Stream destination, bool leaveOpen = false) : IDisposable
{
    private enum Section { Head, Arch, Tree, Metadata, Pages, Trailer, Finished }

    private readonly ByteSink _sink = new(destination, leaveOpen);
    private readonly ArrayBufferWriter<byte> _payload = new(4096);
    private readonly IndexBuilder _index = new();
    private PageBlockFile? _blocks;
    private Section _section;
    private int _tasksDue;

    /// <summary>Bytes written so far.</summary>
    public long Length => _sink.Offset;

    /// <summary>Pages written so far.</summary>
    public long PageCount { get; private set; }

    /// <summary>Writes a record of the metadata, or of the trailer when pages have been written.</summary>
    /// <exception cref="CrKernelException">CrImageWriteFailed: the stream refused.</exception>
    public void WriteRecord(ICrRecord record)
    {
        CheckOrder(record);
        if (_section == Section.Pages)
        {
            _index.TrailerOffset = _sink.Offset;
            _section = Section.Trailer;
        }
        if (record is TaskRecord task)
            _index.Tasks.Add(new TaskEntry(_sink.Offset, task.VPid));
        Put(record);
        if (record is TreeRecord tree)
            PutPids(tree);
    }

    /// <summary>Writes a TASK and its comm.</summary>
    public void WriteTask(TaskRecord task, string comm)
    {
        WriteRecord(task with { CommLength = ImageFormat.CommLength });
        WriteRecord(StringRecord.OfComm(comm));
    }

    /// <summary>Ends the metadata. Page blocks follow.</summary>
    public void SealMetadata()
    {
        if (_section != Section.Metadata || _tasksDue != 0)
            throw Misuse($"the metadata ends in the section {_section} with {_tasksDue} tasks due");
        _index.MetadataHash = PutSeal();
        _index.MetadataLength = _sink.Offset;
        _section = Section.Pages;
        _blocks = _sink.File is { } file ? new PageBlockFile(file) : null;
    }

    /// <summary>Whether a block that was announced may be written by any thread, while others are announced and written.</summary>
    public bool WritesApart => _sink.File is not null;

    /// <summary>
    /// Writes a page block. Blocks of one object come in ascending order of addresses, without overlap.
    /// </summary>
    /// <param name="objRef">The mm or shared-memory object, as one of the metadata's records has it.</param>
    /// <param name="runs">1 to 1024, ascending, no two overlapping; 1024 pages in all at most. 256 is a good size.</param>
    /// <param name="data">The pages of all runs, one after the other.</param>
    public void WritePages(uint objRef, ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data) => WritePages(objRef, runs, data, null, PageCodec.None);

    /// <param name="packer">Packs the pages where that is worth it; null to store them as they are.</param>
    internal void WritePages(uint objRef, ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data, PagePacker? packer, PageCodec codec)
    {
        var (pages, rest) = Math.DivRem(data.Length, ImageFormat.PageSize);
        if (rest != 0)
            throw Misuse($"a block with {data.Length} bytes of pages");
        var front = ArrayPool<byte>.Shared.Rent(PageFront.MaxBytes);
        var copy = ArrayPool<byte>.Shared.Rent(data.Length);
        try
        {
            var length = packer?.Pack(data, copy) ?? 0;
            if (length == 0)
            {
                data.CopyTo(copy);
                (length, codec) = (data.Length, PageCodec.None);
            }
            var block = Announce(objRef, runs, pages, codec, length, front, moreFollows: false);
            Write(block, front, copy.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(front);
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>
    /// The next page block in order: it gets its place, and <paramref name="front"/> the bytes before its data. Then
    /// <see cref="Write"/> it; where <see cref="WritesApart"/> is false, before anything else is written.
    /// </summary>
    /// <param name="front">At least <see cref="PageFront.MaxBytes"/>.</param>
    /// <param name="moreFollows">Some MiB of pages follow.</param>
    internal AnnouncedBlock Announce(uint objRef, ReadOnlySpan<PageRun> runs, int pages, PageCodec codec, int storedBytes, Span<byte> front, bool moreFollows)
    {
        CheckPages(objRef, runs, pages);
        var offset = _sink.Offset;
        var record = new PageArrayRecord(objRef, pages, codec, runs.Length, storedBytes, PageArrayRecord.PadFor(offset, runs.Length));
        var length = PageFront.Write(record, runs, front);
        if (WritesApart)
            _sink.LeaveRoom(record.BlockLength + ImageFormat.SealSize);
        PageCount += pages;
        var entry = _index.Announce(new PageBlockEntry(offset, record.BlockLength, runs[0].VAddr, runs[^1].End, 0, objRef, pages));
        return new AnnouncedBlock(offset, entry, length, _blocks?.Announce(offset, _sink.Offset, moreFollows) ?? -1);
    }

    /// <summary>Writes an announced block.</summary>
    internal void Write(in AnnouncedBlock block, ReadOnlyMemory<byte> front, ReadOnlyMemory<byte> data)
    {
        front = front[..block.FrontLength];
        if (_blocks is not { } blocks)
        {
            _sink.Write(front.Span);
            _sink.Write(data.Span);
            _index.SetHash(block.Entry, PutSeal());
            return;
        }
        var hash = new XxHash3();
        hash.Append(front.Span);
        hash.Append(data.Span);
        var seal = new SealRecord((ulong)(front.Length + data.Length), hash.GetCurrentHashAsUInt64());
        _index.SetHash(block.Entry, seal.Hash);
        blocks.Write(block, front, data, PageFront.Encode(seal));
    }

    /// <summary>Writes the index and the tail and flushes. The image is whole now; whether it is on disk is the stream's business.</summary>
    public void Finish()
    {
        if (_section is not (Section.Pages or Section.Trailer))
            throw Misuse($"it cannot end in the section {_section}");
        if (_section == Section.Trailer)
            _index.TrailerHash = PutSeal();
        var offset = _sink.Offset;
        Put(_index.ToRecord());
        PutSeal();
        Put(new TailRecord(offset, _sink.Offset + ImageFormat.TailSize));
        _sink.Flush();
        _blocks?.Finish(_sink.Offset);
        _section = Section.Finished;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _blocks?.Dispose();
        _sink.Dispose();
    }

    private void CheckOrder(ICrRecord record)
    {
        var fits = record switch
        {
            HeadRecord => Advance(Section.Head),
            HeadArchRecord => Advance(Section.Arch),
            TreeRecord tree => Advance(Section.Tree) && (_tasksDue = tree.TaskCount) > 0,
            SealRecord or PageArrayRecord or IndexRecord or TailRecord => false,
            TaskRecord => _section == Section.Metadata && _tasksDue-- > 0,
            StringRecord or ThreadRecord or FNameRecord => _section == Section.Metadata,
            _ => _section is Section.Metadata or Section.Pages or Section.Trailer,
        };
        if (!fits)
            throw Misuse($"a record of type {record.Type} in the section {_section}");
    }

    private void CheckPages(uint objRef, ReadOnlySpan<PageRun> runs, int pages)
    {
        if (_section != Section.Pages)
            throw Misuse("pages are written between SealMetadata and the trailer");
        if (objRef == 0 || runs.Length is < 1 or > ImageLimits.MaxBlockPages)
            throw Misuse($"a block with {runs.Length} runs of object {objRef}");
        if (pages > ImageLimits.MaxBlockPages)
            throw Misuse($"a block with {pages} pages");
        if (PageRuns.Problem(runs, pages) is { } problem)
            throw Misuse(problem);
        if (!_index.InOrder(objRef, runs[0].VAddr))
            throw Misuse($"the pages at {runs[0].VAddr:x} of object {objRef} come after later ones");
    }

    private bool Advance(Section due)
    {
        if (_section != due)
            return false;
        _section++;
        return true;
    }

    private void Put(ICrRecord record)
    {
        _payload.ResetWrittenCount();
        var w = new FieldWriter(_payload);
        record.Write(ref w);
        var rest = _payload.WrittenSpan;
        var type = record.Type;
        while (true)
        {
            var piece = rest[..Math.Min(rest.Length, ImageFormat.MaxPiece)];
            _sink.WriteHeader(type, (short)piece.Length, record.Parent);
            _sink.Write(piece);
            if (piece.Length < ImageFormat.MaxPiece)
                return;
            rest = rest[piece.Length..];
            type = RecordIds.Continuation;
        }
    }

    private void PutPids(TreeRecord tree)
    {
        _payload.ResetWrittenCount();
        var w = new FieldWriter(_payload);
        tree.WriteRaw(ref w);
        _sink.Write(_payload.WrittenSpan);
    }

    private ulong PutSeal()
    {
        var seal = _sink.TakeSeal();
        Put(seal);
        _sink.StartSealRange();
        return seal.Hash;
    }

    private static InvalidOperationException Misuse(string what) => new($"The image is written in a wrong way: {what}.");
}
