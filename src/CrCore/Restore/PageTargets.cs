using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Restore;

/// <summary>Where the pages of one object go.</summary>
internal interface IPageTarget
{
    /// <returns>false when a run lies outside of what is mapped.</returns>
    bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data);

    /// <summary>Whether only the tracer's thread may be sure to be let: what gets past a mapping's rights.</summary>
    bool NeedsTracer(ReadOnlySpan<PageRun> runs) => false;

    /// <summary>Blocks of other objects come next: gives back what is held open.</summary>
    void Pause();
}

/// <summary>
/// A task's own pages. Writable mappings take whole blocks by process_vm_writev; the others (relocated read-only data,
/// reservations) are few and go through /proc/PID/mem, which gets past the rights.
/// </summary>
internal sealed class AddressSpaceTarget(int pid, MemoryLayout layout, PageArrivals? arrivals) : IPageTarget
{
    private readonly List<RemoteRange> _ranges = [];
    private ProcessMemoryFile? _memory;
    private int _rangesStart, _rangesEnd;

    public bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        (_rangesStart, _rangesEnd) = (0, 0);
        _ranges.Clear();
        var at = 0;
        foreach (var run in runs)
        {
            // A run goes on over the border of neighbouring mappings.
            for (var start = run.VAddr; start < run.End;)
            {
                var index = layout.FirstEndingAfter(start);
                if (index == layout.Mappings.Count)
                    return false;
                var vma = layout.Mappings[index].Vma;
                if (vma.Start > start || !vma.HasPrivatePages)
                    return false;
                var length = (int)(Math.Min(run.End, vma.End) - start);
                if (arrivals?.Take(index, start, data.Slice(at, length)) is > 0 and var taken)
                {
                    Flush(data);
                    _rangesStart = _rangesEnd = at + taken;
                    length = taken;
                }
                else if ((MappingFlags.WhileFilling(vma) & MemoryProtection.Write) != 0)
                    Gather(start, length, at);
                else
                {
                    Flush(data);
                    _memory ??= ProcessMemoryFile.TryOpen(pid, writable: true) ?? throw Gone();
                    _memory.Write(start, data.Slice(at, length));
                    _rangesStart = _rangesEnd = at + length;
                }
                start += (ulong)length;
                at += length;
            }
        }
        Flush(data);
        return true;
    }

    /// <summary>With proc_mem.force_override=ptrace nobody else gets past the rights (proc_mem_foll_force in fs/proc/base.c).</summary>
    public bool NeedsTracer(ReadOnlySpan<PageRun> runs)
    {
        foreach (var run in runs)
            for (var i = layout.FirstEndingAfter(run.VAddr); i < layout.Mappings.Count && layout.Mappings[i].Vma.Start < run.End; i++)
                if ((MappingFlags.WhileFilling(layout.Mappings[i].Vma) & MemoryProtection.Write) == 0)
                    return true;
        return false;
    }

    public void Pause()
    {
        _memory?.Dispose();
        _memory = null;
    }

    private void Gather(ulong start, int length, int at)
    {
        if (_ranges.Count > 0 && _ranges[^1].Start + _ranges[^1].Length == start)
            _ranges[^1] = _ranges[^1] with { Length = _ranges[^1].Length + (ulong)length };
        else
            _ranges.Add(new RemoteRange(start, (ulong)length));
        _rangesEnd = at + length;
    }

    private void Flush(ReadOnlySpan<byte> data)
    {
        if (_ranges.Count == 0)
            return;
        ProcessMemory.Write(pid, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ranges), data[_rangesStart.._rangesEnd]);
        _ranges.Clear();
        _rangesStart = _rangesEnd;
    }

    private CrTargetException Gone()
        => new("CrPuppetFailed", $"The process {pid} that was to become a restored task ended early.", "Was it killed? Nothing was left behind; try again.") { Pid = pid };
}

/// <summary>Shared memory, through the staging area of the root's puppet: each page once, whoever maps it.</summary>
internal sealed class SharedMemoryTarget(int rootPid, ulong address, ulong length) : IPageTarget
{
    private readonly List<RemoteRange> _ranges = [];

    public bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        _ranges.Clear();
        foreach (var run in runs)
        {
            if (run.End > length)
                return false;
            _ranges.Add(new RemoteRange(address + run.VAddr, run.End - run.VAddr));
        }
        ProcessMemory.Write(rootPid, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ranges), data);
        return true;
    }

    public void Pause()
    {
    }
}

/// <summary>Memory that exists and is used by others: it stays as it is.</summary>
internal sealed class DiscardingTarget(ulong length) : IPageTarget
{
    public bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        foreach (var run in runs)
            if (run.End > length)
                return false;
        return true;
    }

    public void Pause()
    {
    }
}

/// <summary>A memory file that is to be sealed against writes, so that no mapping of it may be writable: written as a file.</summary>
internal sealed class MemoryFileTarget(OwnDescriptor file) : IPageTarget
{
    public bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        if (FileStatus.ReadOwn(file.Number, out var status) is var errno && errno != Errno.None)
            throw KernelError.Create("CrSharedMemoryWriteFailed", "Looking at a memory file failed", errno);
        var at = 0;
        foreach (var run in runs)
        {
            if ((long)run.VAddr >= status.Size)
                return false;
            // The last page's bytes behind the end of the file are zeros, and writing them would make it longer.
            var bytes = (int)Math.Min((long)(run.End - run.VAddr), status.Size - (long)run.VAddr);
            Write(data.Slice(at, bytes), (long)run.VAddr);
            at += (int)(run.End - run.VAddr);
        }
        return true;
    }

    public void Pause()
    {
    }

    private void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        while (bytes.Length > 0)
        {
            var n = file.WriteAt(bytes, offset);
            if (n <= 0 && Libc.ErrnoOf(n) != Errno.EINTR)
                throw KernelError.Create("CrSharedMemoryWriteFailed", "Writing a memory file failed", n == 0 ? Errno.EIO : Libc.ErrnoOf(n), on: $"offset 0x{offset:x}");
            bytes = bytes[(int)Math.Max(0, n)..];
            offset += Math.Max(0, n);
        }
    }
}
