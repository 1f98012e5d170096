using CrCore.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Files;

public class DescriptorKindsTests
{
    [Fact]
    public void EveryTypeHasOneKind()
    {
        var types = DescriptorKinds.All.SelectMany(k => k.Types).ToList();
        Assert.Equal(types.Count, types.Distinct().Count());
        Assert.All(types, t => Assert.Contains(t, DescriptorKinds.Find(t)!.Types));
        Assert.Null(DescriptorKinds.Find((FdType)999));
    }

    [Theory]
    [InlineData(0x8241u, 0x8101u)] // O_LARGEFILE | O_CREAT | O_TRUNC | O_WRONLY: must not create or empty the file
    [InlineData(0x8442u, 0x8502u)] // O_APPEND stays
    [InlineData(0x418002u, 0x18102u)] // __O_TMPFILE goes
    public void ReopeningHasNoSideEffects(uint saved, uint opened) => Assert.Equal(opened, OpenFlags.Reopening(saved));

    [Theory]
    [InlineData(0u, true, false)]
    [InlineData(1u, false, true)]
    [InlineData(2u, true, true)]
    [InlineData(0x200000u, false, false)]
    public void AccessFollowsTheMode(uint flags, bool reads, bool writes)
        => Assert.Equal((reads, writes), (OpenFlags.CanRead(flags), OpenFlags.CanWrite(flags)));
}
