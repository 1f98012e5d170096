using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics.X86;
using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>
/// The xsave area in standard format (Intel SDM volume 1, chapter 13): 512 bytes of the legacy state, a header of 64
/// whose first 8 bytes name the components in use, then the components at places that the processor's CPUID gives.
/// </summary>
internal static class Xstate
{
    private const int HeaderAt = 512, HeaderEnd = 576, Room = CpuRecord.MaxXstate;

    /// <summary>The components that are not in their initial state; 0 for an area too short to have a header.</summary>
    public static ulong ComponentsInUse(ReadOnlySpan<byte> area)
        => area.Length < HeaderEnd ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(area[HeaderAt..]);

    /// <summary>The user components that this processor and kernel know (CPUID leaf 0xD); null where that cannot be asked.</summary>
    public static ulong? ComponentsHere()
    {
        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 0xd)
            return null;
        var (eax, _, _, edx) = X86Base.CpuId(0xd, 0);
        return (uint)eax | (ulong)(uint)edx << 32;
    }

    /// <summary>Bytes up to the end of the farthest component in use (CPUID leaf 0xD, subleaf n: size and offset).</summary>
    public static int LengthInUse(ReadOnlySpan<byte> area)
    {
        var end = HeaderEnd;
        for (var left = ComponentsInUse(area) & ~3ul; left != 0 && X86Base.IsSupported; left &= left - 1)
        {
            var (size, offset, _, _) = X86Base.CpuId(0xd, BitOperations.TrailingZeroCount(left));
            end = Math.Max(end, size + offset);
        }
        return Math.Min(area.Length, end);
    }

    /// <summary>Reads a stopped thread's area.</summary>
    public static Errno Get(int tid, out byte[] area)
    {
        Span<byte> buffer = stackalloc byte[Room];
        var e = Ptrace.GetXstate(tid, buffer, out var length);
        area = e == Errno.None ? buffer[..length].ToArray() : [];
        return e;
    }

    /// <summary>
    /// Sets it. The kernel takes an area of its own size only (xstateregs_set in arch/x86/kernel/fpu/regset.c): one of
    /// another processor is cut or filled with zeros, which changes nothing as long as it uses no unknown component.
    /// </summary>
    public static Errno Set(int tid, ReadOnlySpan<byte> area)
    {
        if (area.IsEmpty)
            return Errno.None;
        var e = Ptrace.SetXstate(tid, area);
        if (e != Errno.EFAULT && e != Errno.EINVAL)
            return e;
        var failed = e;
        e = Get(tid, out var own);
        if (e != Errno.None)
            return e;
        if (own.Length == area.Length || LengthInUse(area) > own.Length)
            return failed;
        var fitted = new byte[own.Length];
        area[..Math.Min(area.Length, fitted.Length)].CopyTo(fitted);
        return Ptrace.SetXstate(tid, fitted);
    }
}
