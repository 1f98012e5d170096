using System.Runtime.InteropServices;

namespace CrCore.Image.Revision3;

/// <summary>Revision 3 from front to end, forward only; page contents are passed over.</summary>
internal sealed class Revision3Stream(FrameReader frame, HeadRecord head) : IRecordSequence
{
    private readonly Revision3Order _order = new();
    // An address is an unsigned long of the machine that wrote the image.
    private readonly int _addressSize = head.Machine == "x86_64" ? 8 : 4;
    private readonly Dictionary<int, int> _childrenOf = [];
    private TreeRecord? _tree;
    private int _tasks;
    private ushort _xstateSize;

    public ulong MetadataHash => 0;

    public ImageRecord? Next(PageBlock? pages = null)
    {
        if (_order.AtEnd)
            return null;
        var h = frame.ReadHeader();
        var type = Revision3Catalog.Instance.Find(h.Type) ?? throw ImageError.UnknownRecord(h.Offset, h.Type);
        if (h.Length > type.MaxPayload)
            throw ImageError.TooLarge(h.Offset, $"more than {type.MaxPayload} bytes");
        var record = RecordDecoding.Decode(type, h, frame.ReadSingle(h));
        if (record is TaskRecord task)
            record = WithPid(task, h);
        _order.Accept(h.Offset, record);
        record = ReadRaw(record, h.Offset);
        if (_order.AtEnd && !frame.Source.AtEnd())
            throw ImageError.Trailing(frame.Source.Offset);
        return new ImageRecord(h.Offset, frame.Source.Offset - h.Offset, type, record);
    }

    // Before the seed, a task's pid stands in the tree's array only, and its children are those who name it there.
    private TaskRecord WithPid(TaskRecord task, in RecordHeader h)
    {
        if (_tree is null || _tasks == _tree.TaskCount)
            throw ImageError.Tree(h.Offset, "there are more tasks than the tree has");
        var pids = _tree.Pids[_tasks++];
        if (h.Length == TaskRecord.SeedSize)
            return task;
        return pids.VPid is >= 1 and <= ImageLimits.MaxPid
            ? task with { VPid = pids.VPid, ChildrenCount = _childrenOf.GetValueOrDefault(pids.VPid) }
            : throw ImageError.Tree(h.Offset, $"the tree's entry for it has the pid {pids.VPid}");
    }

    private ICrRecord ReadRaw(ICrRecord record, long offset)
    {
        switch (record)
        {
            case HeadArchRecord arch:
                _xstateSize = arch.XstateSize;
                return arch;
            case Revision3TreeHead tree:
                _tree = new TreeRecord(TreeReader.ReadPids(frame, offset, tree.TaskCount, strict: false));
                foreach (var pids in _tree.Pids)
                    CollectionsMarshal.GetValueRefOrAddDefault(_childrenOf, pids.VPpid, out _)++;
                return _tree;
            case ThreadRecord { TlsCount: > 0 } thread:
                return thread with { Tls = ReadBytes(ThreadRecord.TlsArraySize) };
            case Revision3Cpu { UsedMath: true } cpu:
                return cpu with { Xstate = ReadBytes(_xstateSize) };
            case Revision3MmContext context:
                return context with { Entries = ReadBytes(context.EntryCount * context.EntrySize) };
            case Revision3PageArray pages:
                return ReadPages(pages, offset);
            default:
                return record;
        }
    }

    private Revision3PageArray ReadPages(Revision3PageArray pages, long offset)
    {
        var addresses = new List<ulong>(Math.Min(pages.PageCount, 1024));
        Span<byte> raw = stackalloc byte[1024 * _addressSize];
        while (addresses.Count < pages.PageCount)
        {
            var part = raw[..(Math.Min(1024, pages.PageCount - addresses.Count) * _addressSize)];
            frame.Source.Read(part, "a page array's addresses");
            var r = new FieldReader(part, offset);
            while (r.Remaining > 0)
                addresses.Add(_addressSize == 8 ? r.U64() : r.U32());
        }
        var data = frame.Source.Offset;
        frame.Source.Skip((long)pages.PageCount * ImageFormat.PageSize, covered: false, "a page array's data");
        return pages with { Addresses = addresses, DataOffset = data };
    }

    private byte[] ReadBytes(int count)
    {
        var bytes = new byte[count];
        frame.Source.Read(bytes, "a record's raw bytes");
        return bytes;
    }
}
