using System.Buffers.Binary;

namespace CrCore.Export;

/// <summary>
/// A thread's extended state as a debugger looks for it in a core. Each processor tells by CPUID leaf 0xD where the parts of
/// its xsave area stand, and AMD's and Intel's differ behind AVX; a core says no more than which parts there are, so gdb
/// takes Intel's places and the size that follows from the parts, and warns of any other (gdbsupport/x86-xstate.h).
/// </summary>
internal static class CoreXstate
{
    /// <summary>struct fxregs_state, and behind it the xsave header (arch/x86/include/asm/fpu/types.h).</summary>
    public const int LegacyState = 512;

    private const int Header = 64, FirstPart = LegacyState + Header;

    /// <summary>In the legacy part: the features of XCR0, as the kernel leaves them there for debuggers (xstate_fx_sw_bytes).</summary>
    private const int FeaturesAt = 464;

    private const ulong Always = 3, Avx = 1 << 2, Bounds = 3 << 3, Avx512 = 7 << 5, Keys = 1 << 9;

    private readonly record struct Part(ulong Feature, int Size, int Place, int AmdPlace);

    private static readonly Part[] Parts =
    [
        new(Avx, 256, 576, 576),
        // MPX, which AMD's never had.
        new(1 << 3, 64, 960, -1),
        new(1 << 4, 64, 1024, -1),
        new(1 << 5, 64, 1088, 832),
        new(1 << 6, 512, 1152, 896),
        new(1 << 7, 1024, 1664, 1408),
        new(Keys, 8, 2688, 2432),
    ];

    /// <returns>The area in the places that debuggers know, without the parts that they do not know, as AMX's tiles.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> saved)
    {
        if (saved.Length < FirstPart)
            return saved;
        var source = saved.Span;
        var present = BinaryPrimitives.ReadUInt64LittleEndian(source[FeaturesAt..]);
        var features = present & (Always | Avx | Bounds | Avx512 | Keys);
        var amd = IsAmd(present, source.Length);
        var area = new byte[SizeOf(features)];
        source[..LegacyState].CopyTo(area);
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(FeaturesAt), features);
        var used = BinaryPrimitives.ReadUInt64LittleEndian(source[LegacyState..]) & features;
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(LegacyState), used);
        foreach (var part in Parts)
        {
            if ((features & part.Feature) == 0)
                continue;
            var at = amd ? part.AmdPlace : part.Place;
            // Places that this does not know: as it was saved is better than wrong.
            if (at < 0 || at + part.Size > source.Length)
                return saved;
            source.Slice(at, part.Size).CopyTo(area.AsSpan(part.Place));
        }
        return area;
    }

    /// <summary>Where AVX-512 follows AVX at once, the area is too short for Intel's places.</summary>
    private static bool IsAmd(ulong features, int length)
        => (features & Avx512) != 0 ? length < 2688 : (features & Keys) != 0 && length < 2696;

    private static int SizeOf(ulong features)
    {
        var size = FirstPart;
        foreach (var part in Parts)
            if ((features & part.Feature) != 0)
                size = part.Place + part.Size;
        return size;
    }
}
