using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Namespaces;

public class MountComparisonTests
{
    private static readonly MountEntry _root = Mount("/", 8, "ext4"), _sys = Mount("/sys", 22, "sysfs"), _tmp = Mount("/tmp", 30, "tmpfs"), _proc = Mount("/proc", 41, "proc");

    [Fact]
    public void DifferencesAreSorted()
    {
        var readOnly = _sys with { Options = "ro,relatime" };
        var c = MountComparison.Make([_root, readOnly, _proc, _tmp], [_root, _sys, Mount("/x", 50, "ext4")], wholeTable: true);
        Assert.Equal([_proc], c.Remade);
        Assert.Equal([_tmp], c.Unsaved);
        Assert.Equal(["/x"], c.Missing.Select(m => m.MountPoint));
        Assert.Equal([readOnly], c.Changed);
    }

    /// <summary>Mounts stack: two of one file system on one point are two.</summary>
    [Fact]
    public void StackedMountsAreCounted()
    {
        Assert.Equal([_tmp], MountComparison.Make([_tmp, _tmp], [_tmp], wholeTable: true).Unsaved);
        Assert.Equal([_tmp], MountComparison.Make([_tmp], [_tmp, _tmp], wholeTable: true).Missing);
    }

    /// <summary>What one side has and the other has not is the same from both sides, whatever the order.</summary>
    [Property]
    public void Mirrored(PositiveInt[] ours, PositiveInt[] theirs)
    {
        List<MountEntry> a = [.. ours.Select(Some)], b = [.. theirs.Select(Some)];
        var there = MountComparison.Make(a, b, wholeTable: true);
        var back = MountComparison.Make(b, a, wholeTable: true);
        Assert.Equal(Points(there.Unsaved), Points(back.Missing));
        Assert.Equal(Points(back.Unsaved), Points(there.Missing));
        Assert.Empty(MountComparison.Make(a, a, wholeTable: true).Unsaved);

        static MountEntry Some(PositiveInt n) => Mount($"/m{n.Get % 4}", (uint)(n.Get % 3), "ext4");
        static string[] Points(IEnumerable<MountEntry> mounts) => [.. mounts.Select(m => $"{m.MountPoint} {m.DeviceMinor}").Order()];
    }

    [Fact]
    public void OptionsOfMounts()
    {
        Assert.Equal(1ul | 2 | 0x200000, MountOptions.Flags("ro,nosuid,relatime"));
        Assert.Equal("hidepid=invisible,subset=pid", MountOptions.Data("rw,hidepid=invisible,subset=pid"));
    }

    private static MountEntry Mount(string point, uint minor, string type) => new(1, 0, 0, minor, "/", point, "rw,relatime", "", type, "none", "rw");
}
