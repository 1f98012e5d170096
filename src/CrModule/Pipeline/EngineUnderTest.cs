using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Objects.Threads;
using CrCore.Restore;
using CrHarness.Oracle;
using CrHarness.RoundTrips;

namespace CrModule.Pipeline;

/// <summary>The engine as the harness drives it.</summary>
/// <param name="log">Hears the engine's story.</param>
/// <param name="leaveStopped">Whether restored trees are left stopped.</param>
/// <param name="newTimeNamespace">Whether they are put into a fresh time namespace.</param>
internal sealed class EngineUnderTest(ICrLog log, bool leaveStopped = false, bool newTimeNamespace = false) : ICheckpointEngine
{
    public void Checkpoint(int hostPid, string imagePath, bool stop)
        => new TreeCheckpoint(new CheckpointOptions { Stop = stop, Overwrite = true }, log).Run(hostPid, imagePath);

    public int Restore(string imagePath, bool newPidNamespace)
        => new TreeRestore(new RestoreOptions { NewPidNamespace = newPidNamespace, NewTimeNamespace = newTimeNamespace, LeaveStopped = leaveStopped }, log).Run(imagePath).Root.Pid;

    public IReadOnlyList<VolatileRange> Volatile(string imagePath)
    {
        using var reader = ImageReader.Open(imagePath);
        var ranges = new List<VolatileRange>();
        foreach (var task in reader.ReadMetadata().Tasks)
            foreach (var thread in task.Threads)
                if (thread.Get<ThreadAreasRecord>() is { RseqAddress: not 0 } areas)
                    ranges.Add(new(task.VPid, areas.RseqAddress, (int)areas.RseqSize));
        return ranges;
    }
}
