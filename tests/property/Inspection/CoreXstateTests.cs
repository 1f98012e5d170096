using System.Buffers.Binary;
using CrCore.Export;
using Xunit;

namespace CrProperty.Inspection;

/// <summary>The extended state in a core stands where gdb looks for it, whatever processor it was saved on.</summary>
public sealed class CoreXstateTests
{
    private const ulong SseAvx = 7, Bounds = 0x18, Avx512 = 0xe0, Keys = 0x200, Tiles = 0x60000;

    /// <summary>Sizes of gdb's X86_XSTATE_SIZE; feature, place on the processor, place in the core.</summary>
    [Theory]
    [InlineData(3, 576, 576, new int[0], new int[0])]
    [InlineData(SseAvx, 832, 832, new[] { 576 }, new[] { 576 })]
    [InlineData(SseAvx | Bounds, 1088, 1088, new[] { 576, 960, 1024 }, new[] { 576, 960, 1024 })]
    [InlineData(SseAvx | Avx512, 2432, 2688, new[] { 576, 832, 896, 1408 }, new[] { 576, 1088, 1152, 1664 })]
    [InlineData(SseAvx | Avx512, 2688, 2688, new[] { 576, 1088, 1152, 1664 }, new[] { 576, 1088, 1152, 1664 })]
    [InlineData(SseAvx | Avx512 | Keys, 2440, 2696, new[] { 576, 832, 896, 1408, 2432 }, new[] { 576, 1088, 1152, 1664, 2688 })]
    [InlineData(SseAvx | Keys, 2440, 2696, new[] { 576, 2432 }, new[] { 576, 2688 })]
    [InlineData(SseAvx | Avx512 | Keys | Tiles, 11_008, 2696, new[] { 576, 1088, 1664, 2688 }, new[] { 576, 1088, 1664, 2688 })]
    public void Parts_stand_where_a_debugger_looks(ulong features, int saved, int size, int[] places, int[] expected)
    {
        var core = CoreXstate.Of(Area(features, saved, places)).Span;
        Assert.Equal(size, core.Length);
        Assert.Equal(features & ~Tiles, BinaryPrimitives.ReadUInt64LittleEndian(core[464..]));
        Assert.Equal(features & ~Tiles, BinaryPrimitives.ReadUInt64LittleEndian(core[512..]));
        Assert.Equal(0x37f, core[0] | core[1] << 8);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal((byte)(i + 1), core[expected[i]]);
    }

    [Fact]
    public void What_has_places_unknown_here_is_left_as_it_is()
    {
        foreach (var saved in (ReadOnlyMemory<byte>[])[new byte[512], Area(SseAvx | Bounds | Avx512, 2500, []), Area(SseAvx, 700, [])])
            Assert.Equal(saved, CoreXstate.Of(saved));
    }

    private static ReadOnlyMemory<byte> Area(ulong features, int length, int[] places)
    {
        var area = new byte[length];
        (area[0], area[1]) = (0x7f, 3);
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(464), features);
        BinaryPrimitives.WriteUInt64LittleEndian(area.AsSpan(512), features);
        for (var i = 0; i < places.Length; i++)
            area[places[i]] = (byte)(i + 1);
        return area;
    }
}
