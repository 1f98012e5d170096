using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Checkpoint;

/// <summary>
/// The copies on write of a tree's address spaces: which tasks get one, what they are read for, their end. Small memories
/// are written while they stand still: that takes no longer than a copy.
/// </summary>
internal sealed class MemoryCopies(CheckpointOptions options) : IDisposable
{
    private readonly Dictionary<int, AddressSpaceCopy> _byOriginal = [];

    public int Count => _byOriginal.Count;

    public bool IsWanted(ProcStat task) => !options.Stop && !options.NoCopy && task.ResidentPages * ImageFormat.PageSize >= options.LeastCopiedBytes;

    /// <summary>What keeps a task that wants a copy from one, or null.</summary>
    public static string? Obstacle(CaptureContext context, FrozenTask task, InjectedThread remote)
    {
        // Its helper would stand still with it, and its code would stay.
        if (task.StopSignal != 0)
            return "the task is stopped";
        if (!remote.CanCopy)
            return "it uses each of the signals SIGURG, SIGWINCH and SIGCHLD";
        foreach (var source in context.Pages)
            foreach (var range in source.Ranges)
                if (range.Pid == task.Pid && (range.Modes & PageRangeModes.NotCopied) != 0)
                    return "a part of its memory is kept out of copies (MADV_DONTFORK, MADV_WIPEONFORK or userfaultfd)";
        return null;
    }

    public void Add(AddressSpaceCopy copy) => _byOriginal.Add(copy.Original, copy);

    /// <summary>Whether all of a source can be read when the tree runs on. Shared memory is written by whoever has it.</summary>
    public bool Covers(PageSource source)
    {
        if (source.File is not null || source.IsShared)
            return false;
        foreach (var range in source.Ranges)
            if (!_byOriginal.ContainsKey(range.Pid))
                return false;
        return true;
    }

    /// <summary>The process to read a task's memory from.</summary>
    public int ReadFrom(int pid) => _byOriginal.TryGetValue(pid, out var copy) ? copy.Pid : pid;

    /// <summary>Memory that the copies take now: pages that the program has written to since, and page tables.</summary>
    public long MeasureBytes()
    {
        using var proc = new ProcReader();
        long sum = 0;
        foreach (var copy in _byOriginal.Values)
            if (ProcValues.TryReadPrivateBytes(proc, copy.Pid, out var bytes))
                sum += bytes;
        return sum;
    }

    public void Dispose()
    {
        foreach (var copy in _byOriginal.Values)
            copy.Dispose();
        _byOriginal.Clear();
    }
}
