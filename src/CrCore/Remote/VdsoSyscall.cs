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

    /// <summary>Finds the instruction's offset; the vdso is the same in all tasks of this kernel.</summary>
    public static VdsoSyscall Find(ProcReader proc, int pid)
    {
        var vdso = Mapping(proc, pid);
        var bytes = new byte[vdso.Length];
        ProcessMemory.Read(pid, vdso.Start, bytes);
        var at = bytes.AsSpan().IndexOf<byte>([0x0f, 0x05]);
        return at >= 0 ? new VdsoSyscall((ulong)at) : throw NoVdso(pid);
    }

    /// <summary>The instruction's address in a task.</summary>
    public ulong In(ProcReader proc, int pid) => Mapping(proc, pid).Start + _offset;

    private static MemoryMapping Mapping(ProcReader proc, int pid)
    {
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(proc, pid, mappings);
        foreach (var m in mappings)
            if (m.Kind == MappingKind.Vdso)
                return m;
        throw NoVdso(pid);
    }

    private static CrTargetException NoVdso(int pid)
        => new("CrNoVdso", $"Task {pid} has no vdso with a system call in it.", "This kernel may run with vdso=0, which is not supported.") { Pid = pid };
}
