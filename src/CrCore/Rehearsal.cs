using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore;

/// <summary>
/// Goes once through what a checkpoint or a restore does before it touches anything, so that a first one finds its types loaded and its code
/// bound: most of its time is that. It is of use on a processor that has nothing else to do while a host starts.
/// </summary>
public static class Rehearsal
{
    /// <summary>Looks at this process as at a tree that is to be saved, and writes an image into memory. Nothing is kept.</summary>
    public static void Checkpoint()
    {
        var options = new CheckpointOptions();
        var facts = new ProcFacts();
        using var proc = new ProcReader(facts);
        using var states = new KindStates();
        states.Get(() => new KnownDescriptors(DescriptorLook.Glimpse) { Root = Environment.ProcessId });
        CheckpointPreflight.Inspect(facts, states, TreeWalk.Walk(proc, Environment.ProcessId), options, frozen: false, glimpse: true);
        WriteImage().Dispose();
    }

    /// <summary>Reads an image of an ended task and looks for what would be in the way of its restore. Nothing is kept.</summary>
    public static void Restore()
    {
        using var reader = new ImageReader(WriteImage());
        new TreeRestore(new()).Preview(reader);
    }

    private static MemoryStream WriteImage()
    {
        var image = new MemoryStream();
        using (var writer = new ImageWriter(image, leaveOpen: true))
        {
            writer.WriteRecord(new HeadRecord { Machine = "x86_64", ImageId = Guid.CreateVersion7() });
            writer.WriteRecord(new HeadArchRecord(true, true, 0));
            writer.WriteRecord(new TreeRecord([new TreePids(1, 1, 0)]));
            writer.WriteTask(new TaskRecord { ExitState = TaskRecord.ExitZombie, VPid = 1 }, "rehearsal");
            writer.SealMetadata();
            writer.Finish();
        }
        image.Position = 0;
        return image;
    }
}
