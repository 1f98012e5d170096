using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>Clocks of time namespaces: how they are read from outside, and set so that they go on.</summary>
internal static class NamespaceClocks
{
    public const int Monotonic = 1, Boottime = 7;

    /// <summary>What the clocks show in the time namespace that a task's next children will be in: its own, unless it left that.</summary>
    /// <exception cref="CrTargetException">The task is gone.</exception>
    public static ClocksRecord Read(ProcReader proc, int pid, int vpid, bool forChildren)
    {
        if (!ProcTimeOffsets.TryRead(proc, pid, out var theirs) || !ProcTimeOffsets.TryRead(proc, Environment.ProcessId, out var own))
            throw new CrTargetException("CrTimeNamespace", $"The clocks of task {pid} cannot be read: it has ended, or the kernel has no time namespaces.") { Pid = pid };
        return new(vpid, forChildren, !forChildren && IsInside(proc, pid), Clocks.Now(Monotonic).Minus(own.Monotonic).Plus(theirs.Monotonic), Clocks.Now(Boottime).Minus(own.Boottime).Plus(theirs.Boottime));
    }

    /// <summary>Whether a task's time namespace belongs to the user namespace that the task is in, and this program is not.</summary>
    public static bool IsInside(ProcReader proc, int pid)
        => ProcNamespaces.TryRead(proc, pid, NamespaceKind.User, out var theirs) && ProcNamespaces.TryRead(proc, Environment.ProcessId, NamespaceKind.User, out var own)
            && theirs != own && ProcNamespaces.OwnerOf(pid, NamespaceKind.Time) == theirs;

    /// <summary>What they show in the time namespace of this program.</summary>
    public static MachineClocksRecord OfMachine(int vpid) => new(vpid, Clocks.Now(Monotonic), Clocks.Now(Boottime));

    /// <summary>Sets the clocks of the time namespace that a task has just made for its children (unshare(2)), and that nobody is in yet.</summary>
    public static void Set(ProcReader proc, int pid, ClocksRecord saved)
    {
        if (!ProcTimeOffsets.TryRead(proc, Environment.ProcessId, out var own))
            throw new CrTargetException("CrTimeNamespace", "This kernel has no time namespaces (CONFIG_TIME_NS).");
        ProcTimeOffsets.Write(pid, new(saved.Monotonic.Minus(Clocks.Now(Monotonic).Minus(own.Monotonic)), saved.Boottime.Minus(Clocks.Now(Boottime).Minus(own.Boottime))));
    }
}
