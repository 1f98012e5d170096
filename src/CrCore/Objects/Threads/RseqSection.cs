using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>
/// A stop inside a restartable sequence (linux/rseq.h). The kernel would send the thread to the sequence's abort
/// handler when it goes on; whoever moves rip first, or registers the area anew, takes that knowledge from the kernel
/// (kernel/rseq.c), so the abort is made here.
/// </summary>
internal static class RseqSection
{
    private const int PointerAt = 8;

    /// <summary>The abort handler, when <paramref name="ip"/> lies in the sequence that the thread has announced.</summary>
    public static bool TryGetAbort(int tid, ulong area, ulong ip, out ulong abort)
    {
        abort = 0;
        if (area == 0 || !TryRead(tid, area + PointerAt, out ulong pointer) || pointer == 0)
            return false;
        if (!TryRead(tid, pointer, out RseqCriticalSection section) || !section.Contains(ip))
            return false;
        abort = section.AbortIp;
        return true;
    }

    private static bool TryRead<T>(int tid, ulong address, out T value) where T : unmanaged
    {
        Span<T> one = stackalloc T[1];
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(one);
        var whole = ProcessMemory.ReadAvailable(tid, address, bytes, out _) == bytes.Length;
        value = one[0];
        return whole;
    }
}
