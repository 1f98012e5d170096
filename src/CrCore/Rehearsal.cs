using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Files;

namespace CrCore;

/// <summary>
/// Goes once through what a checkpoint does before it touches anything, so that a first one finds its types loaded and its code bound:
/// most of its time is that. It is of use on a processor that has nothing else to do while a host starts.
/// </summary>
public static class Rehearsal
{
    /// <summary>Looks at this process as at a tree that is to be saved, and writes the image of an ended task into memory. Nothing is kept.</summary>
    public static void Run()
    {
        var options = new CheckpointOptions();
        var facts = new ProcFacts();
        using var proc = new ProcReader(facts);
        using var states = new KindStates();
        states.Get(() => new KnownDescriptors(DescriptorLook.Glimpse) { Root = Environment.ProcessId });
        CheckpointPreflight.Inspect(facts, states, TreeWalk.Walk(proc, Environment.ProcessId), options, frozen: false, glimpse: true);

        using var writer = new ImageWriter(new MemoryStream(), leaveOpen: false);
        writer.WriteRecord(new HeadRecord { Machine = "x86_64", ImageId = Guid.CreateVersion7() });
        writer.WriteRecord(new HeadArchRecord(true, true, 0));
        writer.WriteRecord(new TreeRecord([new TreePids(1, 1, 0)]));
        writer.WriteTask(new TaskRecord { ExitState = TaskRecord.ExitZombie, VPid = 1, ThreadCount = 1 }, "rehearsal");
        writer.SealMetadata();
        writer.Finish();
    }
}
