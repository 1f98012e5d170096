using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Checkpoint;

/// <summary>
/// What is read of large address spaces before the freeze, so that the tree need not stand still for it: those that will be
/// copied, and written from the copies when the tree runs on. Each copy is asked then whether it was so
/// (<see cref="ForeseenMemory"/>); where it was not, the checkpoint is made once more, without foresight.
/// </summary>
internal sealed class Foresight
{
    private readonly Dictionary<int, ForeseenMemory> _seen = [];
    private readonly Dictionary<int, ForeseenMemory> _taken = [];

    /// <summary>Looks at the running tree.</summary>
    public void Look(ProcReader proc, IReadOnlyList<LiveTask> walk, MemoryCopies copies)
    {
        foreach (var task in walk)
            if (!task.IsZombie && copies.IsWanted(task.Stat) && ForeseenMemory.Look(proc, task.Pid) is { } seen)
                _seen.Add(task.Pid, seen);
    }

    /// <summary>What was foreseen of a frozen task's memory; null where it has to be looked at.</summary>
    public ForeseenMemory? Take(ProcReader proc, FrozenTask task, List<MemoryMapping> mappings)
    {
        // Locks are not inherited by copies, nor is a task with filters or one that is stopped copied.
        if (!_seen.TryGetValue(task.Pid, out var seen) || task.StopSignal != 0 || !ProcStatus.TryRead(proc, task.Pid, out var status) || status.LockedSize != 0 || status.SeccompMode != 0
            || !seen.TryTake(mappings))
            return null;
        _taken.Add(task.Pid, seen);
        return seen;
    }

    /// <summary>Asks the copies whether all was as foreseen.</summary>
    public bool IsBorneOutBy(ProcReader proc, MemoryCopies copies)
    {
        foreach (var (pid, memory) in _taken)
            if (copies.ReadFrom(pid) is var copy && (copy == pid || !memory.IsBorneOutBy(proc, copy)))
                return false;
        return true;
    }
}
