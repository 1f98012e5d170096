using CrCore;
using CrCore.Checkpoint;
using CrCore.Restore;
using CrHarness.RoundTrips;

namespace CrProperty.Trees;

/// <summary>The engine as the harness drives it.</summary>
internal sealed class CrCoreEngine : ICheckpointEngine
{
    public void Checkpoint(int hostPid, string imagePath, bool stop)
        => new TreeCheckpoint(new CheckpointOptions { Stop = stop, Overwrite = true }).Run(hostPid, imagePath);

    public int Restore(string imagePath, bool newPidNamespace)
        => new TreeRestore(new RestoreOptions { NewPidNamespace = newPidNamespace }).Run(imagePath).Root.Pid;
}
