using CrHarness.Oracle;

namespace CrHarness.RoundTrips;

/// <summary>What is put to the test: anything that can save a process tree and bring it back.</summary>
public interface ICheckpointEngine
{
    /// <summary>Saves the tree under a root.</summary>
    /// <param name="hostPid">The root as this process sees it.</param>
    /// <param name="imagePath">Where the image goes; a file, or a directory for tools that write several.</param>
    /// <param name="stop">End the tree once it is saved.</param>
    void Checkpoint(int hostPid, string imagePath, bool stop);

    /// <summary>Brings a tree back and returns its root's pid as this process sees it.</summary>
    /// <param name="imagePath">As given to <see cref="Checkpoint"/>.</param>
    /// <param name="newPidNamespace">Put it into a fresh pid namespace.</param>
    int Restore(string imagePath, bool newPidNamespace);

    /// <summary>
    /// Where the kernel writes into a saved tree's memory by itself (rseq(2)), as far as the engine knows: who looks from
    /// outside cannot know.
    /// </summary>
    IReadOnlyList<VolatileRange> Volatile(string imagePath) => [];
}
