using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>AT_* of getauxval(3) that the engine looks at.</summary>
public enum AuxKey : ulong
{
    Null = 0,
    ProgramHeaders = 3,
    PageSize = 6,
    InterpreterBase = 7,
    EntryPoint = 9,
    Secure = 23,
    ExecutableName = 31,
    /// <summary>AT_SYSINFO_EHDR: address of the vdso.</summary>
    VdsoBase = 33,
    RseqFeatureSize = 27,
    RseqAlign = 28,
    MinSignalStack = 51,
}

/// <summary>/proc/PID/auxv (proc_pid_auxv(5)): pairs of 64-bit words, ending with a pair of zeros that is part of them.</summary>
public static class ProcAuxv
{
    /// <summary>The raw vector, as PR_SET_MM_AUXV takes it; empty for a kernel thread, false when it is gone or a zombie.</summary>
    public static bool TryRead(ProcReader reader, int pid, out ReadOnlySpan<byte> vector)
        => reader.TryRead(pid, "auxv"u8, out vector);

    /// <summary>Looks for a key in a raw vector.</summary>
    public static bool TryFind(ReadOnlySpan<byte> vector, AuxKey key, out ulong value)
    {
        for (; vector.Length >= 16; vector = vector[16..])
        {
            value = BinaryPrimitives.ReadUInt64LittleEndian(vector[8..]);
            if (BinaryPrimitives.ReadUInt64LittleEndian(vector) == (ulong)key)
                return true;
        }
        value = 0;
        return false;
    }
}
