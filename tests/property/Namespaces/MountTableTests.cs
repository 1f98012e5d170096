using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Where the mounts of a tree come from, and where its files are on this machine.</summary>
public class MountTableTests
{
    private static readonly MountEntry[] _own = [Entry(1, 0, 8, "/", "/"), Entry(2, 1, 9, "/", "/data"), Entry(3, 1, 20, "/", "/proc", "proc")];

    [Fact]
    public void EachMountIsFoundOrMadeAnew()
    {
        var table = MountTable.Make(
        [
            Entry(12, 11, 30, "/", "/run", "tmpfs"),
            Entry(11, 10, 8, "/box", "/"),
            Entry(13, 11, 9, "/sub", "/srv"),
            Entry(14, 12, 30, "/x", "/run/y"),
            Entry(15, 11, 21, "/", "/proc", "proc"),
            Entry(16, 15, 21, "/sys", "/proc/sys", "proc"),
            Entry(17, 11, 40, "/", "/odd", "strangefs"),
        ], _own, ExternalMounts.None, (_, _) => true);
        Assert.Equal(
        [
            ("/", MountOrigin.Host, "/box", false), ("/run", MountOrigin.New, "none", true), ("/run/y", MountOrigin.Tree, "/run/x", false), ("/srv", MountOrigin.Host, "/data/sub", false),
            ("/proc", MountOrigin.New, "none", false), ("/proc/sys", MountOrigin.Tree, "/proc/sys", false),
        ], table.Mounts.Select(m => (m.Entry.MountPoint, m.Origin, m.Source, m.HasContents)));
        Assert.Equal("/odd", Assert.Single(table.Unsaved).MountPoint);
    }

    [Fact]
    public void WhatIsCoveredOnThisMachineIsNotTaken()
    {
        var table = MountTable.Make([Entry(11, 10, 8, "/box", "/")], _own, ExternalMounts.None, (path, _) => path != "/box");
        Assert.Single(table.Unsaved);
    }

    /// <summary>A file system in memory that another one covers, seen elsewhere, too: it is one, and is made once.</summary>
    [Fact]
    public void WhatIsCoveredIsTakenBeforeItIs()
    {
        var table = MountTable.Make([Entry(11, 10, 8, "/box", "/"), Entry(12, 11, 30, "/", "/a", "tmpfs"), Entry(13, 12, 31, "/", "/a", "tmpfs"), Entry(14, 11, 30, "/d", "/b", "tmpfs")], _own, ExternalMounts.None, (_, _) => true);
        Assert.Equal([("/", MountOrigin.Host, "/box", -1), ("/a", MountOrigin.New, "none", -1), ("/a", MountOrigin.New, "none", -1), ("/b", MountOrigin.Tree, "/a/d", 1)],
            table.Mounts.Select(m => (m.Entry.MountPoint, m.Origin, m.Source, m.From)));
        Assert.Equal([false, true, false, false], Enumerable.Range(0, 4).Select(table.IsCovered));
    }

    /// <summary>Not only what is mounted on it hides a mount, but also what is mounted above it: here by a mount that was moved, with the same below it.</summary>
    [Fact]
    public void WhatIsMountedAboveHidesToo()
    {
        var table = MountTable.Make(
        [
            Entry(11, 10, 8, "/box", "/"), Entry(12, 11, 30, "/", "/d", "tmpfs"), Entry(13, 12, 30, "/1", "/d/1", "tmpfs"), Entry(14, 13, 31, "/", "/d/1", "tmpfs"),
            Entry(15, 13, 30, "/1/a", "/d/1/a", "tmpfs"), Entry(16, 14, 30, "/1/a", "/d/1/a", "tmpfs"), Entry(17, 15, 32, "/", "/d/1/a/c", "tmpfs"), Entry(18, 16, 32, "/", "/d/1/a/c", "tmpfs"),
        ], _own, ExternalMounts.None, (_, _) => true);
        Assert.Equal([11, 12, 13, 15, 17, 14, 16, 18], table.Mounts.Select(m => m.Entry.Id));
        Assert.Equal(["/box", "none", "/d/1", "/d/1/a", "none", "none", "/d/1/a", "/d/1/a/c"], table.Mounts.Select(m => m.Source));
        Assert.Equal([-1, -1, -1, -1, -1, -1, 1, 4], table.Mounts.Select(m => m.From));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void AMountIsMadeOfOneBeforeIt(int from)
    {
        var image = ImageOf(File(1, "/run", 0x4000));
        image.Root.Add(Mount(MountOrigin.Tree, "/b", "/run/d") with { From = from });
        if (from == 1)
            Assert.Equal("/box", MountTree.Of(image, newPid: false, GivenMounts.None).OnThisMachine("/"));
        else
            Assert.Equal("CrImageBadMounts", Assert.Throws<CrImageException>(() => MountTree.Of(image, newPid: false, GivenMounts.None)).Id);
    }

    /// <summary>The order of mountinfo is no measure: the mount of a restored root has a later number than what was moved onto it.</summary>
    [Fact]
    public void WhatCoversComesAfterWhatItCovers()
    {
        var table = MountTable.Make([Entry(13, 11, 9, "/a", "/mnt"), Entry(12, 11, 9, "/b", "/mnt/deep"), Entry(14, 12, 9, "/c", "/mnt/deep/er"), Entry(11, 10, 8, "/box", "/")], _own, ExternalMounts.None, (_, _) => true);
        Assert.Equal(["/", "/mnt/deep", "/mnt/deep/er", "/mnt"], table.Mounts.Select(m => m.Entry.MountPoint));
    }

    [Theory]
    [InlineData("/etc/passwd", "/box/etc/passwd")]
    [InlineData("/", "/box")]
    [InlineData("/srv", "/data/sub")]
    [InlineData("/srv/a", "/data/sub/a")]
    [InlineData("/srvx", "/box/srvx")]
    [InlineData("/run/a", null)]
    [InlineData("/again/a", null)]
    [InlineData("/other/a", "/data/sub/t/a")]
    public void FilesAreFoundOnThisMachine(string path, string? expected)
    {
        var tree = MountTree.None with
        {
            Mounts =
            [
                Mount(MountOrigin.Host, "/", "/box"), Mount(MountOrigin.New, "/run", "none"), Mount(MountOrigin.Host, "/srv", "/data/sub"),
                Mount(MountOrigin.Tree, "/again", "/run/d"), Mount(MountOrigin.Tree, "/other", "/srv/t"),
            ],
        };
        Assert.Equal(expected, tree.OnThisMachine(path));
    }

    [Theory]
    [InlineData("rw,seclabel,size=4k,uid=100005,gid=200000,mode=620", "size=4k,uid=5,gid=0,mode=620")]
    [InlineData("ro,uid=99999,gid=200010", "")]
    [InlineData("rw", "")]
    public void IdsAreThoseOfTheTreesUserNamespace(string options, string expected)
        => Assert.Equal(expected, MountOptions.Data(options, new IdMapsRecord { VPid = 1, AllowsSetGroups = true, Users = [new(0, 100000, 10)], Groups = [new(0, 200000, 10)] }));

    [Theory]
    [InlineData("/run/../etc/passwd", 0x8000u, "")]
    [InlineData("/run/link/file", 0x8000u, "")]
    [InlineData("/run/..", 0x4000u, "")]
    [InlineData("/run/a", 0x8000u, "")]
    [InlineData("/run/b", 0x8000u, "/etc/passwd")]
    [InlineData("/elsewhere", 0x8000u, "")]
    public void FilesOfAnImageStayInTheirMounts(string name, uint type, string sameAs)
    {
        var image = ImageOf(File(1, "/run", 0x4000), File(2, "/run/a", 0x8000), File(3, "/run/link", 0xa000), File(4, name, type, sameAs));
        Assert.Equal("CrImageBadMounts", Assert.Throws<CrImageException>(() => MountTree.Of(image, newPid: false, GivenMounts.None)).Id);
        Assert.Equal(4, MountTree.Of(ImageOf(File(1, "/run", 0x4000), File(2, "/run/a", 0x8000), File(3, "/run/d", 0x4000), File(4, "/run/d/a", 0x8000, "/run/a")), newPid: false, GivenMounts.None).Files.Count);
    }

    private static ImageModel ImageOf(params MountedFileRecord[] files)
    {
        var root = new TaskImage(new TaskRecord { VPid = 1 }, 0, 0, null);
        foreach (var record in (ICrRecord[])[Mount(MountOrigin.Host, "/", "/box"), Mount(MountOrigin.New, "/run", "none"), .. files])
            root.Add(record);
        return new ImageModel(new HeadRecord(), new HeadArchRecord(true, true, 0), new TreeRecord([]), [], [root], new Dictionary<int, TaskImage> { [1] = root }, [], 0, 0);
    }

    private static MountedFileRecord File(uint objRef, string name, uint type, string sameAs = "") => new(objRef, 1, type | 0x1a4, 0, 0, 0, 0, 0, 0, name, sameAs);

    private static MountEntry Entry(int id, int parent, uint device, string root, string point, string type = "ext4")
        => new(id, parent, 0, device, root, point, "rw", "", type, "none", "rw");

    private static TreeMountRecord Mount(MountOrigin origin, string point, string source) => new(1, origin, true, false, false, 0, 0, 0, point, source, "tmpfs", "");
}
