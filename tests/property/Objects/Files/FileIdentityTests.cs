using CrCore.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Files;

public class FileIdentityTests
{
    [Property]
    public void AnotherDeviceAndInodeAreNoChange(FileIdentity saved, ulong device, ulong inode)
        => Assert.Equal(FileChange.None, saved.ChangeTo(saved with { Device = device, Inode = inode }));

    [Property]
    public void ASizeTellsBeforeATime(FileIdentity saved, long size, long time)
    {
        var now = saved with { Size = size, ModifiedNs = time };
        var change = saved.ChangeTo(now);
        Assert.Equal(size != saved.Size ? FileChange.Size : time != saved.ModifiedNs ? FileChange.Modified : FileChange.None, change);
    }

    [Fact]
    public void TheReasonNamesBothSizes()
    {
        var saved = new FileIdentity(1, 2, 300, 4);
        var now = saved with { Size = 17 };
        var text = saved.Describe(saved.ChangeTo(now), now);
        Assert.Contains("300", text);
        Assert.Contains("17", text);
    }
}
