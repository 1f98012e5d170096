using System.Text;
using CrHarness.Oracle;
using CrHarness.Plans;
using CrHarness.Spawning;
using Xunit;

namespace CrProperty.Trees;

/// <summary>What a snapshot of a fresh tree must say, from the plan alone: runner and oracle check each other.</summary>
internal static class Expectations
{
    public static void Compare(SpawnedTree tree, Snapshot seen)
    {
        Assert.Equal(tree.VPids.Order(), seen.Tasks.Select(t => t.VPid));
        foreach (var shape in tree.Shape)
        {
            var task = tree.Plan.Tasks[shape.Index];
            var subject = $"task {tree.VPids[shape.Index]}";
            void Is(string name, string value) => Assert.Equal($"{subject} {name}: {value}", $"{subject} {name}: {seen.Find(subject, name)}");

            Is("name", Encoding.Latin1.GetString(TreeShape.CommBytes(task.Comm)));
            Is("state", task.Ending is not null ? "zombie" : task.Stopped ? "stopped" : "alive");
            Is("parent", shape.Parent < 0 ? "outside" : $"task {tree.VPids[shape.Parent]}");
            Assert.Equal(Led(tree, shape.Session), Simple(seen.Find(subject, "session")!));
            Assert.Equal(Led(tree, shape.GroupKey), Simple(seen.Find(subject, "process group")!));
            if (task.Ending is { } ending)
                Assert.StartsWith(ending.Signal == 0 ? $"exit {ending.ExitCode}" : $"signal {ending.Signal}", seen.Find(subject, "exit status"), StringComparison.Ordinal);
            else
                CompareState(task, subject, seen);
        }
    }

    private static void CompareState(TaskPlan task, string subject, Snapshot seen)
    {
        Assert.Equal($"{task.Threads.Length + 1}", seen.Find(subject, "Threads"));
        if (task.Attributes.Umask is { } umask)
            Assert.Equal("0" + Convert.ToString(umask, 8).PadLeft(3, '0'), seen.Find(subject, "Umask"));
        var pending = Convert.ToUInt64(seen.Find(subject, "ShdPnd"), 16) & ~SignalSets.Bit(SignalSets.ChildSignal) & ~SignalSets.Bit(SignalSets.AlarmSignal);
        Assert.Equal(task.Pending.Aggregate(0UL, (mask, p) => mask | SignalSets.Bit(p.Signal)), pending);
        foreach (var thread in task.Threads)
            Assert.Contains(seen.Facts, f => f.Subject.StartsWith(subject + " thread ", StringComparison.Ordinal) && f.Name == "name"
                && f.Value == Encoding.Latin1.GetString(TreeShape.CommBytes(thread.Name)));
    }

    private static string Led(SpawnedTree tree, int key) => key >= 0 ? $"task {tree.VPids[key]}" : key == TaskShape.Outside ? "outside" : "gone";

    private static string Simple(string value) => value.EndsWith("whose leader is gone", StringComparison.Ordinal) ? "gone" : value;
}
