using CrCore;
using CrCore.Checkpoint;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>What of a tree's namespaces is not saved stops the checkpoint, by name, and the tree runs on.</summary>
public class NamespaceObstacleTests
{
    private const string NoProc = "alone = True\nos.system('mount -t tmpfs none /mnt')\nwhile libc.umount2(b'/proc', 2) == 0: pass\ndef look(): return 1\n";

    [TheoryInNamespaces]
    [InlineData("-pfm --mount-proc", "os.system('mount -t hugetlbfs none /mnt')", "CrMountNotSaved", "mount /mnt")]
    [InlineData("-pfm --mount-proc", NoProc + "libc.mount(b'none', b'/proc', b'tmpfs', 0, 0)", "CrMountNotSaved", "mount namespace")]
    [InlineData("-pfm --mount-proc", NoProc + "os.chdir('/proc')", "CrMountNotSaved", "working directory")]
    [InlineData("-pfn --mount-proc", "assert os.system('ip link add t0 type ifb && ip link property add dev t0 altname other') == 0", "CrInterfaceNotSaved", "network interface t0")]
    [InlineData("-pf --mount-proc", "if os.fork() == 0: libc.unshare(0x4000000); tell('apart', 1); time.sleep(1000)\nawait_word('apart')", "CrNamespacesDiffer", "namespaces")]
    public void WhatIsNotSavedIsNamed(string unshare, string prepare, string id, string what)
    {
        using var tree = new ContainedTree(unshare, prepare);
        var refused = Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true));
        var obstacle = Assert.Single(refused.Obstacles);
        Assert.Equal((id, what), (obstacle.Id, obstacle.Object));
        Assert.False(File.Exists(tree.Image));
        AssertRunsOn(tree);
    }

    /// <summary>Whoever sees the file again could connect to it.</summary>
    [FactInNamespaces]
    public void AListeningSocketWhoseFileIsCovered()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", "os.mkdir(folder + '/s'); s = socket.socket(socket.AF_UNIX); s.bind(folder + '/s/s'); s.listen(1); assert os.system(f'mount -t tmpfs none {folder}/s') == 0");
        Assert.Equal("CrUnixFileUnknown", Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true)).Obstacles).Id);
        AssertRunsOn(tree);
    }

    [TheoryInNamespaces]
    [NetworkData("tc qdisc add dev lo root pfifo", "CrQueueingNotSaved", "queueing discipline pfifo")]
    [NetworkData("nft add table inet guard && nft add set inet guard known { type ipv4_addr\\; }", "CrFirewallNotSaved", "a set in the nf_tables table inet guard")]
    public void WhatLeadsOrFiltersPacketsIsNamed(string command, string id, string what)
    {
        using var tree = new ContainedTree("-pfn --mount-proc", $"assert os.system('{command}') == 0");
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true)).Obstacles);
        Assert.Equal((id, what), (obstacle.Id, obstacle.Object));
        AssertRunsOn(tree);
    }

    /// <summary>Of so many that they are looked at while others are still being stopped.</summary>
    [TheoryInNamespaces]
    [InlineData(0x4000000, "CrNamespacesDiffer")]
    [InlineData(0x20000000, "CrNamespaceForChildren")]
    public void OneThreadOfManyIsNamed(int flags, string id)
    {
        using var tree = new ContainedTree("-pf --mount-proc", "import threading\n"
            + "def sleeper(i):\n  if i == 13: tell('unshared%d' % libc.unshare(" + flags + "), 1)\n  time.sleep(1000)\n"
            + "for i in range(20): threading.Thread(target=sleeper, args=(i,), daemon=True).start()");
        tree.Hear("unshared0");
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true)).Obstacles);
        Assert.Equal(id, obstacle.Id);
        Assert.StartsWith("namespaces of thread ", obstacle.Object, StringComparison.Ordinal);
        AssertRunsOn(tree);
    }

    /// <summary>The program's own pid stays where it is; the next child would not.</summary>
    [FactInNamespaces]
    public void AnotherNamespaceForChildren()
    {
        using var tree = new ContainedTree("-u", "real = time.sleep\ndef sleep(s): time.sleep = real; libc.unshare(0x20000000); tell('unshared%d' % os.getpid(), 1); real(s)\ntime.sleep = sleep");
        tree.Hear($"unshared{tree.Root}");
        var refused = Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true));
        // The child sleeps, too, and unshared as its parent did.
        Assert.All(refused.Obstacles, o => Assert.Equal("CrNamespaceForChildren", o.Id));
        AssertRunsOn(tree);
    }

    [FactInNamespaces]
    public void MountsThatItLacksAreAWarning()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", "assert os.system('umount -l /sys') == 0");
        var preview = new TreeCheckpoint(new CheckpointOptions()).Preview(tree.Root);
        Assert.True(preview.CanProceed);
        Assert.Contains(preview.Obstacles, o => o.Id == "CrMountMissing" && o.Reason.Contains("/sys", StringComparison.Ordinal));
    }

    private static void AssertRunsOn(ContainedTree tree)
    {
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }
}
