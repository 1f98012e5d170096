using CrHarness.Kernel;
using CrHarness.Oracle;

namespace CrHarness.Spawning;

/// <summary>Ends a tree whatever it is made of, and waits until it is gone.</summary>
public static class TreeKiller
{
    private const int SigKill = 9;

    /// <summary>Kills the tree under a root. If the root is in a pid namespace that we are not in, killing the namespace's
    /// init takes everything with it (pid_namespaces(7)); else task after task, until none is left.</summary>
    /// <param name="root">A pid as this process sees it; one that is gone is no error.</param>
    /// <param name="isOurs">Guards against a pid that was given anew to a stranger.</param>
    /// <param name="takeNamespace">False: a namespace's init that is not the root stays alive.</param>
    public static void Kill(int root, Func<int, bool> isOurs, bool takeNamespace = true)
    {
        if (!ProcText.Exists(root) || !isOurs(root))
            return;
        var init = takeNamespace ? NamespaceInit(root) : 0;
        // Children of a task that is killed leave its subtree: remember everyone who was ever seen in it.
        HashSet<int> known = init > 0 ? [init] : [.. ProcTree.Walk(root)];
        for (var round = 0; round < 2000; round++)
        {
            var alive = Alive(known);
            if (alive.Count == 0)
                return;
            foreach (var pid in alive)
            {
                if (init == 0)
                    known.UnionWith(ProcTree.Walk(pid));
                _ = Native.kill(pid, SigKill);
            }
            Thread.Sleep(1);
        }
    }

    private static List<int> Alive(IEnumerable<int> pids)
        => [.. pids.Where(p => ProcStat.TryRead($"/proc/{p}/stat") is { State: not ('Z' or 'X') })];

    /// <summary>Pid 1 of the root's pid namespace as we see it, or 0 when the namespace is our own.</summary>
    private static int NamespaceInit(int root)
    {
        var ns = ProcText.Link($"/proc/{root}/ns/pid");
        if (ns is null || ns == ProcText.Link("/proc/self/ns/pid"))
            return 0;
        foreach (var pid in ProcTree.All())
            if (ProcText.Link($"/proc/{pid}/ns/pid") == ns && ProcStatus.TryRead($"/proc/{pid}/status")?.VPid == 1)
                return pid;
        return 0;
    }
}
