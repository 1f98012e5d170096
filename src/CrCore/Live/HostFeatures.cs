using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Objects.Threads;

namespace CrCore.Live;

/// <summary>What a feature of the host is needed for.</summary>
public enum HostNeed
{
    /// <summary>Without it neither checkpoint nor restore works.</summary>
    Always,
    /// <summary>Without it no checkpoint works.</summary>
    Checkpoint,
    /// <summary>Without it no restore works.</summary>
    Restore,
    /// <summary>Some trees need it.</summary>
    Sometimes,
}

/// <summary>One thing that this kernel and these rights allow or not.</summary>
/// <param name="Name">As Test-CrHost shows it.</param>
/// <param name="Need">What it is needed for.</param>
/// <param name="IsAvailable">Whether it works here.</param>
/// <param name="Detail">What was found, a clause.</param>
/// <param name="Lost">What does not work without it, or null.</param>
/// <param name="Advice">How it can be had, or null.</param>
public sealed record HostFeature(string Name, HostNeed Need, bool IsAvailable, string Detail, string? Lost = null, string? Advice = null);

/// <summary>Finds out by harmless questions to the kernel; changes nothing.</summary>
public static class HostFeatures
{
    /// <summary>Asks for one feature after the other, as the caller reads on.</summary>
    public static IEnumerable<HostFeature> Probe()
    {
        using var proc = new ProcReader();
        var kernel = KernelInfo.Read();
        yield return new("Processor", HostNeed.Always, RuntimeInformation.ProcessArchitecture == Architecture.X64, $"the machine is {kernel.Machine}", "everything: only x86-64 is supported");
        yield return Proc(proc, kernel);
        yield return PageScan();
        yield return Comparing();
        yield return new("tid address", HostNeed.Checkpoint, Prctl.TellsTidAddress, "prctl(PR_GET_TID_ADDRESS)", "checkpoints: threads could not be saved", "The kernel needs CONFIG_CHECKPOINT_RESTORE.");
        yield return Ptrace(proc);
        yield return Capability(proc, "CAP_SYS_PTRACE", Capabilities.SysPtrace, HostNeed.Sometimes, "checkpoints of other users' processes, and of those with rights that this program lacks");
        yield return PidRights(proc);
        yield return Capability(proc, "CAP_SYS_ADMIN", Capabilities.SysAdmin, HostNeed.Sometimes, "namespaces without a user namespace, seccomp filters");
        yield return Capability(proc, "CAP_SYS_RESOURCE", Capabilities.SysResource, HostNeed.Sometimes, "hard limits above this program's own, a lower oom_score_adj");
        yield return UserNamespaces(proc);
        yield return new("timer ids", HostNeed.Sometimes, Prctl.KnowsTimerRestoreIds, "prctl(PR_TIMER_CREATE_RESTORE_IDS)", "POSIX timers with numbers far from 0 are slow to restore", "Linux 6.16 has it.");
        yield return new("extended state", HostNeed.Sometimes, Xstate.ComponentsHere() is not null, $"components {Xstate.ComponentsHere() ?? 0:x}", "threads that use extended registers");
    }

    private static HostFeature Proc(ProcReader proc, KernelInfo kernel)
    {
        var own = ProcStat.TryRead(proc, Environment.ProcessId, out var stat) && stat.Pid == Environment.ProcessId;
        return new("/proc", HostNeed.Always, own, own ? $"it shows this pid namespace; Linux {kernel.Release}" : "it does not show this pid namespace", "everything", "Mount proc(5) anew in this pid namespace.");
    }

    private static HostFeature PageScan()
    {
        const string lost = "checkpoints: the pages in use could not be found", advice = "Linux 6.7 and later have it.";
        try
        {
            using var scanner = PagemapScanner.TryOpen(Environment.ProcessId);
            return new("PAGEMAP_SCAN", HostNeed.Checkpoint, scanner is not null, scanner?.TellsGuardPages == true ? "it tells guard pages, too" : "it does not tell guard pages", lost, advice);
        }
        catch (CrKernelException e)
        {
            return new("PAGEMAP_SCAN", HostNeed.Checkpoint, false, $"{e.Errno}", lost, advice);
        }
    }

    private static HostFeature Comparing()
    {
        const string lost = "checkpoints: what tasks share could not be found", advice = "The kernel needs CONFIG_KCMP, and a container's seccomp profile must allow it.";
        try
        {
            Kcmp.Compare(Environment.ProcessId, Environment.ProcessId, KcmpType.Vm);
            return new("kcmp", HostNeed.Checkpoint, true, "kcmp(2)", lost, advice);
        }
        catch (CrKernelException e)
        {
            return new("kcmp", HostNeed.Checkpoint, false, $"{e.Errno}", lost, advice);
        }
    }

    /// <summary>Documentation/admin-guide/LSM/Yama.rst: 0 all of one's own, 1 descendants, 2 with CAP_SYS_PTRACE, 3 none.</summary>
    private static HostFeature Ptrace(ProcReader proc)
    {
        var scope = Number(proc, "sys/kernel/yama/ptrace_scope"u8) ?? 0;
        var allowed = scope == 0 || (scope < 3 && Capabilities.Has(proc, Capabilities.SysPtrace));
        return new("ptrace", scope == 1 ? HostNeed.Sometimes : HostNeed.Always, allowed, $"kernel.yama.ptrace_scope is {scope}",
            scope == 1 ? "checkpoints of processes that are no descendants of this program" : "everything", "Run as root, or set kernel.yama.ptrace_scope to 0.");
    }

    private static HostFeature PidRights(ProcReader proc)
    {
        var has = Capabilities.Has(proc, Capabilities.CheckpointRestore) || Capabilities.Has(proc, Capabilities.SysAdmin);
        return new("saved pids", HostNeed.Sometimes, has, has ? "CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN" : "neither CAP_CHECKPOINT_RESTORE nor CAP_SYS_ADMIN",
            "restores with the old pids in this pid namespace", "Restore into a new pid namespace (-NewPidNamespace), which an ordinary user can do.");
    }

    private static HostFeature UserNamespaces(ProcReader proc)
    {
        var most = Number(proc, "sys/user/max_user_namespaces"u8) ?? 0;
        var restricted = (Number(proc, "sys/kernel/apparmor_restrict_unprivileged_userns"u8) ?? 0) != 0 || (Number(proc, "sys/kernel/unprivileged_userns_clone"u8) ?? 1) == 0;
        var allowed = most > 0 && (!restricted || Capabilities.Has(proc, Capabilities.SysAdmin));
        return new("user namespaces", HostNeed.Sometimes, allowed, $"user.max_user_namespaces is {most}{(restricted ? ", for the privileged only" : "")}",
            "restores by an ordinary user", "Allow user namespaces, or restore as root.");
    }

    private static HostFeature Capability(ProcReader proc, string name, int capability, HostNeed need, string lost)
    {
        var has = Capabilities.Has(proc, capability);
        return new(name, need, has, has ? "this program has it" : "this program lacks it", lost, "Run as root, or in a container that grants it.");
    }

    private static long? Number(ProcReader proc, ReadOnlySpan<byte> name)
    {
        try
        {
            return System.Buffers.Text.Utf8Parser.TryParse(proc.ReadSystem(name), out long number, out _) ? number : null;
        }
        catch (CrKernelException)
        {
            return null; // this kernel was built without it
        }
    }
}
