using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>
/// Saves shared memory once, however many mappings and descriptors lead to it. Whoever meets such an object first gets
/// the record that is due. Kept in <see cref="CaptureContext.States"/>.
/// </summary>
internal sealed class SharedMemoryCapture
{
    private readonly Dictionary<uint, PageSource> _sources = [];

    /// <summary>A reference to an object, with its record where it is due now.</summary>
    /// <param name="IsReached">The object itself is read, not what mappings show of it.</param>
    public readonly record struct Found(uint ObjRef, SharedMemoryRecord? Due, bool IsReached = true);

    /// <summary>The object behind a mapping.</summary>
    /// <param name="pageShift">The size of its pages, as a power of two.</param>
    public Found Take(CaptureContext context, int pid, in MemoryMapping m, byte pageShift)
    {
        var objRef = context.Shared.Reference(m.Kind == MappingKind.SystemVShared ? ("System V memory", m.Inode) : Key(m.DeviceMajor, m.DeviceMinor, m.Inode), out var first);
        SharedMemoryRecord? due = null;
        if (first)
        {
            var kind = m.Kind == MappingKind.MemoryFile ? SharedMemoryType.MemoryFile
                : m.Kind == MappingKind.SystemVShared ? SharedMemoryType.SystemV
                : MappingRules.IsAnonymousHuge(m) ? SharedMemoryType.HugePages : SharedMemoryType.Anonymous;
            due = Start(context, objRef, kind, kind is SharedMemoryType.HugePages or SharedMemoryType.SystemV ? "" : m.Path, OpenMapped(context, pid, m)) with { PageShift = pageShift };
            // Its file has whole pages.
            if (due.IsHuge && kind == SharedMemoryType.SystemV)
                due = due with { Size = SystemVCapture.SizeOf(context, pid, (int)m.Inode) };
        }
        if (_sources[objRef] is not { File: null } source)
            return new Found(objRef, due);
        AddRange(source, pid, m);
        return new Found(objRef, due, IsReached: false);
    }

    /// <summary>A System V segment that no task has attached.</summary>
    /// <param name="file">Its memory; it is this object's to close from now on.</param>
    public SharedMemoryRecord TakeSegment(CaptureContext context, int id, ulong size, OwnDescriptor file)
        => Start(context, context.Shared.Reference(("System V memory", (ulong)id), out _), SharedMemoryType.SystemV, "", file) with { Size = size, PageShift = ShiftOf(file) };

    /// <summary>The memfd behind a task's descriptor.</summary>
    /// <param name="name">As given to memfd_create(2).</param>
    /// <exception cref="CrKernelException">It cannot be opened.</exception>
    public Found TakeDescriptor(CaptureContext context, int pid, int fd, in FileStatus status, string name)
        => TakeFile(context, pid, $"/proc/{pid}/fd/{fd}", status, name);

    /// <summary>The memfd that a link below /proc/PID leads to.</summary>
    /// <param name="name">As given to memfd_create(2).</param>
    /// <exception cref="CrKernelException">It cannot be opened.</exception>
    public Found TakeFile(CaptureContext context, int pid, string path, in FileStatus status, string name)
    {
        var objRef = context.Shared.Reference(Key((uint)status.DeviceMajor, (uint)FileStatus.MinorOf(status.Device), status.Inode), out var first);
        if (!first)
            return new Found(objRef, null);
        var file = OwnDescriptor.Open(path, FileNative.O_RDONLY, out var errno)
            ?? throw KernelError.Create("CrSharedMemoryOpenFailed", $"Opening {path} failed", errno, pid, path);
        return new Found(objRef, Start(context, objRef, SharedMemoryType.MemoryFile, name, file) with { PageShift = ShiftOf(file) });
    }

    private static byte ShiftOf(OwnDescriptor file)
        => FileSystemType.HugePageBytesOf(file) is var bytes and > 0 ? HugePageSize.OfBytes(bytes) : HugePageSize.None;

    private static object Key(uint major, uint minor, ulong inode) => ("shared memory", major, minor, inode);

    private SharedMemoryRecord Start(CaptureContext context, uint objRef, SharedMemoryType kind, string name, OwnDescriptor? file)
    {
        var source = new PageSource(objRef) { IsShared = true, File = file };
        _sources[objRef] = source;
        context.Pages.Add(source);
        var record = new SharedMemoryRecord { ObjRef = objRef, Kind = kind, Name = name, Mode = 0x1ff };
        if (file is null || FileStatus.ReadOwn(file.Number, out var status) != Errno.None)
            return record;
        var seals = kind == SharedMemoryType.MemoryFile ? file.Seals : 0;
        return record with { Size = (ulong)status.Size, IsEmpty = kind == SharedMemoryType.MemoryFile && status.Size == 0, Mode = status.Mode & 0xfff, Seals = seals > 0 ? (uint)seals & SharedMemoryRecord.KnownSeals : 0 };
    }

    /// <summary>
    /// The object itself, which also has what no mapping reaches: through map_files (CAP_CHECKPOINT_RESTORE in the initial
    /// user namespace, proc_map_files_get_link in fs/proc/base.c), else through a descriptor that a task of the tree has.
    /// </summary>
    private static OwnDescriptor? OpenMapped(CaptureContext context, int pid, in MemoryMapping m)
    {
        if (OwnDescriptor.Open($"/proc/{pid}/map_files/{m.Start:x}-{m.End:x}", FileNative.O_RDONLY, out _) is { } mapped)
            return mapped;
        if (m.Kind != MappingKind.MemoryFile)
            return null;
        var numbers = new List<int>();
        foreach (var task in context.Tasks)
        {
            numbers.Clear();
            if (task.IsZombie || !context.Proc.TryListNumbers(task.Pid, "fd"u8, numbers))
                continue;
            foreach (var fd in numbers)
                if (FileStatus.ReadDescriptor(task.Pid, fd, out var s) == Errno.None && s.Inode == m.Inode
                    && s.DeviceMajor == (int)m.DeviceMajor && FileStatus.MinorOf(s.Device) == (int)m.DeviceMinor
                    && OwnDescriptor.Open($"/proc/{task.Pid}/fd/{fd}", FileNative.O_RDONLY, out _) is { } opened)
                    return opened;
        }
        return null;
    }

    /// <summary>Without the object itself: what this mapping reaches and none before it did.</summary>
    private static void AddRange(PageSource source, int pid, in MemoryMapping m)
    {
        var known = new List<AddressRange>(source.Ranges.Count);
        foreach (var r in source.Ranges)
            known.Add(new AddressRange(r.Target, r.Target + (r.End - r.Start)));
        var modes = PageRangeModes.Unscanned | ((m.Protection & MemoryProtection.Read) == 0 ? PageRangeModes.Unreadable : 0);
        foreach (var gap in AddressPlan.Gaps(new AddressRange(m.Offset, m.Offset + m.Length), known))
            source.Ranges.Add(new PageRange(pid, m.Start + (gap.Start - m.Offset), m.Start + (gap.End - m.Offset), gap.Start, modes));
    }
}
