using CrCore.Kernel;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>
/// prctl(2). It runs alone: for a moment this process is a subreaper, and orphans of other tests would come to it, who waits for none.
/// </summary>
[Collection(LiveTrees.Name)]
public class PrctlTest
{
    [Fact]
    public void Prctl_sees_the_own_process()
    {
        var before = Prctl.IsChildSubreaper;
        try
        {
            Prctl.IsChildSubreaper = !before;
            Assert.Equal(!before, Prctl.IsChildSubreaper);
        }
        finally
        {
            Prctl.IsChildSubreaper = before;
        }
        using var reader = new ProcReader();
        Assert.True(ProcStatus.TryRead(reader, Environment.ProcessId, out var status));
        Assert.Equal((status.BoundingCapabilities & 1) != 0, Prctl.HasBoundingCapability(0));
        Assert.Null(Prctl.HasBoundingCapability(1000));
        Assert.InRange(Prctl.Dumpable, 0, 2);
    }
}
