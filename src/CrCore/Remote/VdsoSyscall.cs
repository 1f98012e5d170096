using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A <c>syscall</c> instruction in the vdso, which every task has: the last call of a puppet, after which nothing of the
/// engine's is left in the task.
/// </summary>
internal readonly struct VdsoSyscall
{
    private readonly ulong _offset;

    private VdsoSyscall(ulong offset) => _offset = offset;

    /// <summary>Finds the instruction in this very process; the vdso is the same in all 64-bit processes of this kernel.</summary>
    public static VdsoSyscall Find()
        => Vdso.Own.SyscallAt is >= 0 and var at ? new VdsoSyscall((ulong)at)
            : throw new CrTargetException("CrNoVdso", "The vdso of this kernel has no system call in it.", "This is not supported.");

    /// <summary>The instruction's address in a task whose vdso starts at <paramref name="vdso"/>.</summary>
    public ulong In(ulong vdso) => vdso + _offset;
}
