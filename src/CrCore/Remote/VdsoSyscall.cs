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
    public static VdsoSyscall Find(ProcReader proc)
    {
        var self = Environment.ProcessId;
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(proc, self, mappings);
        foreach (var m in mappings)
        {
            if (m.Kind != MappingKind.Vdso)
                continue;
            var bytes = new byte[m.Length];
            ProcessMemory.Read(self, m.Start, bytes);
            if (bytes.AsSpan().IndexOf<byte>([0x0f, 0x05]) is >= 0 and var at)
                return new VdsoSyscall((ulong)at);
        }
        throw new CrTargetException("CrNoVdso", "This kernel gives its programs no vdso with a system call in it.", "It may run with vdso=0, which is not supported.");
    }

    /// <summary>The instruction's address in a task whose vdso starts at <paramref name="vdso"/>.</summary>
    public ulong In(ulong vdso) => vdso + _offset;
}
