using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.ProcessState;

/// <summary>Speculation controls of a thread (PR_GET_SPECULATION_CTRL of prctl(2), linux/prctl.h).</summary>
/// <param name="First">Slot of the first of the three answers.</param>
internal readonly record struct Speculation(Slot First)
{
    private const int Get = 52, Set = 53, Controls = 3;

    /// <summary>PR_SPEC_PRCTL: the control is the thread's to set.</summary>
    private const uint PerThread = 1;

    /// <summary>PR_SPEC_DISABLE, PR_SPEC_FORCE_DISABLE, PR_SPEC_DISABLE_NOEXEC.</summary>
    private const uint Disabled = 4 | 8 | 16;

    public static Speculation Read(SyscallBatch batch)
    {
        var first = batch.Try(Sys.prctl, Get, 0, 0, 0, 0);
        for (var which = 1; which < Controls; which++)
            batch.Try(Sys.prctl, Get, which, 0, 0, 0);
        return new Speculation(first);
    }

    /// <summary>0 where kernel or processor has no such control.</summary>
    public uint Result(SyscallBatch batch, int which) => (uint)Math.Max(0, batch.Result(new Slot(First.Index + which)));

    /// <summary>Every thread starts with speculation allowed as the system has it; only what it turned off is set.</summary>
    public static void Restore(SyscallBatch batch, int which, uint saved)
    {
        if ((saved & PerThread) != 0 && (saved & Disabled) != 0)
            batch.Try(Sys.prctl, Set, which, saved & Disabled, 0, 0);
    }
}
