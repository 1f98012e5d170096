using CrCore;
using CrCore.Checkpoint;
using CrModule.Pipeline;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Mounts of a tree that come from outside of it: what they show at the restore is said then.</summary>
public class ExternalMountTests
{
    /// <summary>A directory of this machine on /mnt, a part of it a second time, and a file system that cannot be saved.</summary>
    private const string Prepare = """
        for d in ('from', 'from/sub', 'part', 'odd'): os.mkdir(folder + '/' + d)
        assert os.system(f'mount --make-rprivate / && mount --bind {folder}/from /mnt && mount --bind /mnt/sub {folder}/part') == 0
        open('/mnt/name', 'w').write('first'); open('/mnt/sub/name', 'w').write('first part')
        looked = look
        def look(): return {**looked(), 'seen': [open('/mnt/name').read(), open(folder + '/part/name').read()]}

        """;

    [FactInNamespaces]
    public void AnotherDirectoryIsMountedForAKey()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Prepare);
        tree.Checkpoint(stop: true, Keys(("/mnt", "DATA")));
        var other = Directory.CreateDirectory(Path.Combine(tree.Folder, "other/sub")).Parent!.FullName;
        File.WriteAllText(Path.Combine(other, "name"), "second");
        File.WriteAllText(Path.Combine(other, "sub/name"), "second part");
        tree.Restore(given: Paths(("DATA", other)));
        tree.Say("go");
        Assert.Equal(["second", "second part"], tree.Hear("after").GetProperty("seen").EnumerateArray().Select(e => e.GetString()));
        Assert.DoesNotContain(" /mnt ", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    [FactInNamespaces]
    public void WhatFitsNothingIsNamed()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Prepare);
        AssertRefused("CrExternalMountUnknown", "mount /nowhere", () => tree.Checkpoint(stop: true, Keys(("/nowhere", "DATA"))));
        tree.Checkpoint(stop: true, Keys(("/mnt", "DATA")));
        AssertRefused("CrExternalMountMissing", "mount /mnt", () => tree.Restore());
        // Its key is no path, by which '*' could find it.
        AssertRefused("CrExternalMountMissing", "mount /mnt", () => tree.Restore(given: GivenMounts.None with { Others = true }));
        AssertRefused("CrMountSource", "mount /mnt", () => tree.Restore(given: Paths(("DATA", tree.Folder + "/missing"))));
        AssertRefused("CrMountSource", "mount /mnt", () => tree.Restore(given: Paths(("DATA", tree.Folder + "/from/name"))));
        AssertRefused("CrExternalMountUnknown", "external mount DATUM", () => tree.Restore(given: Paths(("DATA", tree.Folder + "/from"), ("DATUM", tree.Folder))));
        tree.Restore(given: Paths(("DATA", tree.Folder + "/from")));
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    [FactInNamespaces]
    public void AllThatCannotBeSavedOtherwise()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Prepare + "assert os.system('mount -t hugetlbfs none /srv') == 0\n");
        tree.Checkpoint(stop: true, new ExternalMounts(new Dictionary<string, string>(), Others: true));
        AssertRefused("CrExternalMountMissing", "mount /srv", () => tree.Restore());
        var restored = tree.Restore(given: GivenMounts.None with { Others = true });
        Assert.Contains(" /srv ", File.ReadAllText($"/proc/{restored.Root.Pid}/mountinfo"), StringComparison.Ordinal);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    [FactInNamespaces]
    public void ATreeWithoutMountsOfItsOwnHasNone()
    {
        using var tree = new ContainedTree("-u", "");
        AssertRefused("CrExternalMountUnknown", "mount /", () => tree.Checkpoint(stop: true, Keys(("/", "ROOT"))));
    }

    [Theory]
    [InlineData("mnt[/data]:DATA", "/data=DATA", false)]
    [InlineData("mnt[KEY]:/a:b]", "KEY=/a:b]", false)]
    [InlineData("mnt[]", "", true)]
    [InlineData("mnt[]:ms", "", true)]
    [InlineData("*", "", true)]
    public void TextSaysTheSame(string text, string entries, bool others)
    {
        var table = Assert.IsType<ExternalMountTable>(new ExternalMountArgumentAttribute().Transform(null!, text));
        Assert.Equal((entries, others), (string.Join(",", table.Entries.Select(e => $"{e.Key}={e.Value}")), table.Others));
    }

    [Fact]
    public void SeveralAreAnArray()
    {
        var table = (ExternalMountTable)new ExternalMountArgumentAttribute().Transform(null!, new object[] { "mnt[/a]:A", new System.Collections.Hashtable { ["/b"] = "B" }, "*" });
        Assert.Equal("/a: A, /b: B, *", table.ToString());
    }

    [Theory]
    [InlineData("/data")]
    [InlineData("mnt[/data]")]
    [InlineData("mnt[/data]:")]
    [InlineData("mnt[/data]DATA")]
    [InlineData("")]
    public void OtherTextIsRefused(string text)
        => Assert.Throws<System.Management.Automation.ArgumentTransformationMetadataException>(() => new ExternalMountArgumentAttribute().Transform(null!, text));

    private static void AssertRefused(string id, string what, Action run)
    {
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(run).Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal((id, what), (obstacle.Id, obstacle.Object));
    }

    private static ExternalMounts Keys(params (string Point, string Key)[] keys) => new(keys.ToDictionary(k => k.Point, k => k.Key), false);

    private static GivenMounts Paths(params (string Key, string Path)[] paths) => new(paths.ToDictionary(p => p.Key, p => p.Path), false);
}
