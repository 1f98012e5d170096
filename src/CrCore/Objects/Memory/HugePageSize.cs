using System.Numerics;
using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>Sizes of the pages of hugetlbfs, as powers of two: what calls take and records keep (MAP_HUGE_SHIFT of mmap(2)).</summary>
internal static class HugePageSize
{
    /// <summary>Ordinary pages.</summary>
    public const byte None = 12;

    /// <summary>2 MiB: what a record means that names no other.</summary>
    public const byte Default = 21;

    /// <summary>Sizes that some processor has, 64 KiB to 16 GiB; which of them this machine has is asked when they are needed.</summary>
    private const byte Least = 16, Most = 34;

    private const int FlagShift = 26;

    /// <summary>MAP_HUGETLB with the size.</summary>
    public static long OfMmap(byte shift) => 0x4_0000 | (long)shift << FlagShift;

    /// <summary>MFD_HUGETLB with the size, or nothing for ordinary pages.</summary>
    public static long OfMemoryFile(byte shift) => shift == None ? 0 : 4 | (long)shift << FlagShift;

    /// <summary>SHM_HUGETLB with the size, or nothing for ordinary pages.</summary>
    public static int OfSegment(byte shift) => shift == None ? 0 : 0x800 | shift << FlagShift;

    public static byte OfBytes(ulong bytes) => (byte)BitOperations.Log2(bytes);

    public static byte Read(ref FieldReader r, bool orNone = false)
    {
        var shift = r.U8();
        return shift is >= Least and <= Most || orNone && shift == None ? shift : throw r.Bad($"pages have 2^{shift} bytes");
    }

    public static string Describe(byte shift) => shift >= 30 ? $"{1 << (shift - 30)} GiB" : shift >= 20 ? $"{1 << (shift - 20)} MiB" : $"{1 << (shift - 10)} KiB";
}
