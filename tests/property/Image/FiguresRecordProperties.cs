using CrCore;
using CrCore.Image;
using CrProperty.Objects;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Image;

public class FiguresRecordProperties
{
    [Property]
    public void ComesOutAsItWentIn(NonNegativeInt frozen, NonNegativeInt[] counts, NonNegativeInt[] times)
    {
        long At(int i) => counts.Length == 0 ? i : (long)counts[i % counts.Length].Get << i;
        var phases = times.Take(FiguresRecord.MaxPhases).Select((t, i) => new PhaseTime($"phase {i}", TimeSpan.FromTicks(t.Get))).ToArray();
        var record = new FiguresRecord(TimeSpan.FromTicks(frozen.Get), new PageFigures(At(0), At(1), At(2), At(3), At(4), At(5)), phases);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Fact]
    public void BelowZeroIsRefused()
    {
        var record = new FiguresRecord(TimeSpan.Zero, new PageFigures(0, -1, 0, 0, 0, 0), []);
        Assert.Equal("CrImageBadField", Assert.Throws<CrImageException>(() => RecordCode.Again(record)).Id);
    }
}
