using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>Finds processes that share an address space without being threads of one process (CLONE_VM without CLONE_THREAD).</summary>
internal static class SharedAddressSpaces
{
    /// <summary>Adds an obstacle for each task whose address space is another's, too.</summary>
    public static void Inspect(InspectContext context)
    {
        // Tasks that share an address space show the same addresses: few tasks are left to be compared by kcmp.
        var alike = new Dictionary<(ulong, ulong, ulong, ulong, ulong), List<LiveTask>>();
        foreach (var task in context.Tasks.Values)
        {
            if (task.IsZombie)
                continue;
            var key = (task.Stat.StartStack, task.Stat.ArgStart, task.Stat.StartBrk, task.Stat.StartCode, task.Stat.VirtualSize);
            if (!alike.TryGetValue(key, out var list))
                alike[key] = list = [];
            Insert(context, list, task);
        }
    }

    /// <summary>kcmp(2) gives a total order, so that n tasks need about n log n calls and not n².</summary>
    private static void Insert(InspectContext context, List<LiveTask> sorted, LiveTask task)
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
                context.Refuse(task, "CrSharedAddressSpace", "address space", $"it shares its memory with the process {other.Pid} ({other.Comm}), which is not saved",
                    "Processes made with vfork or posix_spawn do so until they run their program: try again in a moment.");
                return;
            }
            if (order < 0)
                high = middle;
            else
                low = middle + 1;
        }
        sorted.Insert(low, task);
    }
}
