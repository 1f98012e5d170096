using System.Diagnostics;
using System.Text;
using CrHarness.Spawning;

namespace CrHarness.Oracle;

/// <summary>Waits until a tree is at rest: every thread asleep, stopped or dead, and none scheduled between two looks.</summary>
public static class Quiet
{
    /// <param name="root">The root's pid as this process sees it.</param>
    /// <param name="restless">Pids, in the tree's namespace, of tasks that never rest.</param>
    /// <param name="patience">When to give up.</param>
    /// <exception cref="SpawnException">The tree did not come to rest.</exception>
    public static void Await(int root, IReadOnlySet<int> restless, TimeSpan patience)
    {
        var watch = Stopwatch.StartNew();
        var last = "";
        while (true)
        {
            var (calm, look) = Look(root, restless);
            if (calm && look == last)
                return;
            if (watch.Elapsed > patience)
                throw new SpawnException($"The tree of {root} does not come to rest:\n{look}");
            last = look;
            Thread.Sleep(2);
        }
    }

    private static (bool Calm, string Look) Look(int root, IReadOnlySet<int> restless)
    {
        var text = new StringBuilder();
        var calm = true;
        foreach (var pid in ProcTree.Walk(root))
            foreach (var tid in ProcText.Numbers($"/proc/{pid}/task"))
            {
                if (ProcStatus.TryRead($"/proc/{pid}/task/{tid}/status") is not { } status)
                {
                    calm = false;
                    continue;
                }
                var state = status["State"];
                if (tid == pid && restless.Contains(status.VPid) || ProcStatus.TryRead($"/proc/{pid}/status") is { } of && restless.Contains(of.VPid))
                {
                    text.Append(pid).Append(" is restless\n");
                    continue;
                }
                calm &= state.Length > 0 && state[0] is 'S' or 'T' or 'Z';
                text.Append(pid).Append(' ').Append(tid).Append(' ').Append(state).Append(' ')
                    .Append(status["voluntary_ctxt_switches"]).Append(' ').Append(status["nonvoluntary_ctxt_switches"]).Append('\n');
            }
        return (calm, text.ToString());
    }
}
