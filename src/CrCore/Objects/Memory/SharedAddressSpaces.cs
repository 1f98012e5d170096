using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>
/// Finds processes that share an address space without being threads of one process (CLONE_VM without CLONE_THREAD), and those
/// that wait for a child to get one of its own, or that it would not need (vfork, posix_spawn): programs pass through that.
/// </summary>
internal static class SharedAddressSpaces
{
    /// <summary>Adds an obstacle for each task whose address space is another's, too.</summary>
    public static void Inspect(InspectContext context)
    {
        // Tasks that share an address space show the same addresses: few tasks are left to be compared by kcmp.
        var waiting = new HashSet<int>();
        var alike = new Dictionary<(ulong, ulong, ulong, ulong, ulong), List<LiveTask>>();
        foreach (var task in context.Tasks.Values)
        {
            if (task.IsZombie)
                continue;
            var key = (task.Stat.StartStack, task.Stat.ArgStart, task.Stat.StartBrk, task.Stat.StartCode, task.Stat.VirtualSize);
            if (!alike.TryGetValue(key, out var list))
                alike[key] = list = [];
            Insert(context, list, task, waiting);
        }
        foreach (var task in context.Tasks.Values)
            if (task.Stat.State == TaskState.DiskSleep && !waiting.Contains(task.Pid) && VforkWait.Holds(context.Proc, task.Pid))
                context.RefuseForNow(task, "CrVforkWait", "process", "it waits for a child to run a program or to end (CLONE_VFORK), and cannot be stopped before", "Try again in a moment.");
    }

    /// <summary>kcmp(2) gives a total order, so that n tasks need about n log n calls and not n².</summary>
    private static void Insert(InspectContext context, List<LiveTask> sorted, LiveTask task, HashSet<int> waiting)
    {
        var (low, high) = (0, sorted.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var other = sorted[middle];
            int order;
            try
            {
                order = Kcmp.Compare(task.Pid, other.Pid, KcmpType.Vm);
            }
            catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
            {
                // One of them has ended since the walk; the look at the frozen tree will tell.
                return;
            }
            if (order == 0)
            {
                Tell(context, task, other, waiting);
                return;
            }
            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        sorted.Insert(low, task);
    }

    private static void Tell(InspectContext context, LiveTask task, LiveTask other, HashSet<int> waiting)
    {
        var what = $"it shares its memory with the process {other.Pid} ({other.Comm}), which is not saved";
        var isPassing = false;
        foreach (var one in (ReadOnlySpan<LiveTask>)[task, other])
            if (VforkWait.HoldsAny(context.Proc, one))
            {
                waiting.Add(one.Pid);
                isPassing = true;
            }
        if (isPassing)
            context.RefuseForNow(task, "CrSharedAddressSpace", "address space", what + ", until one of them runs a program (vfork, posix_spawn)", "Try again in a moment.");
        else
            context.Refuse(task, "CrSharedAddressSpace", "address space", what, "Let it be a thread, or a process with memory of its own.");
    }
}
