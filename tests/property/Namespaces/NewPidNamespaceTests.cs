using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Any tree can be put into a pid namespace of its own, with an init in front of it.</summary>
public class NewPidNamespaceTests
{
    [FactInNamespaces]
    public void SeveralAtOnceWhileTheOriginalRuns()
    {
        using var tree = new ContainedTree("");
        tree.Checkpoint(stop: false);
        var taken = Assert.Throws<CrPreflightException>(() => tree.Restore());
        Assert.All(taken.Obstacles, o => Assert.Equal("CrPidTaken", o.Id));
        Assert.Equal(3, taken.Obstacles.Count);
        var first = tree.Restore(newPidNamespace: true);
        var second = tree.Restore(newPidNamespace: true);
        foreach (var restored in (RestoreResult[])[first, second])
        {
            Assert.Equal(tree.Root, restored.Root.VPid);
            Assert.NotEqual(tree.Root, restored.Root.Pid);
            Assert.Equal("crinit\n", File.ReadAllText($"/proc/{restored.NamespaceInitPid}/comm"));
            Assert.Equal(restored.NamespaceInitPid, Parent(restored.Root.Pid));
            Assert.Contains($"NSpid:\t{restored.Root.Pid}\t{tree.Root}\n", File.ReadAllText($"/proc/{restored.Root.Pid}/status"));
        }
        Assert.NotEqual(first.Root.Pid, second.Root.Pid);
    }

    /// <summary>The init waits for whoever is left, and then ends as the root did.</summary>
    [FactInNamespaces]
    public void TheEndOfTheTreeEndsTheInit()
    {
        using var tree = new ContainedTree("");
        tree.Checkpoint(stop: true);
        var restored = tree.Restore(newPidNamespace: true);
        using var root = ProcessWatch.Open(restored.Root.Pid);
        using var init = ProcessWatch.Open(restored.NamespaceInitPid);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        Assert.Equal(7, tree.Hear("zombie").GetInt32());
        tree.Say("end");
        Assert.Equal(5 << 8, root.WaitForEnd(CancellationToken.None));
        // The child that sleeps is an orphan now, and the init its parent.
        var orphan = restored.Tasks.Single(t => t.State != 'Z' && t.ParentVPid != 0);
        Assert.Equal(restored.NamespaceInitPid, Parent(orphan.Pid));
        using (var process = System.Diagnostics.Process.GetProcessById(orphan.Pid))
            process.Kill();
        Assert.Equal(5 << 8, init.WaitForEnd(CancellationToken.None));
    }

    private static int Parent(int pid)
        => int.Parse(File.ReadLines($"/proc/{pid}/status").Single(l => l.StartsWith("PPid:", StringComparison.Ordinal)).Split('\t')[1]);
}
