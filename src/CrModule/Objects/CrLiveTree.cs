using CrHarness.Spawning;

namespace CrModule;

/// <summary>A live process tree that Start-CrTree has made. It ends with Stop-CrTree, and with the shell.</summary>
public sealed class CrLiveTree : IDisposable
{
    private readonly TreeSpawner _spawner;
    private readonly SpawnedTree _tree;

    internal CrLiveTree(CrTreePlan plan, TreeSpawner spawner, SpawnedTree tree)
    {
        (Plan, _spawner, _tree) = (plan, spawner, tree);
        Id = tree.RootPid;
        VPids = tree.VPids;
        WorkFolder = tree.WorkDirectory;
    }

    /// <summary>The root's process id.</summary>
    public int Id { get; private set; }

    /// <summary>Pids by the plan's tasks, in the tree's own pid namespace.</summary>
    public IReadOnlyList<int> VPids { get; }

    /// <summary>Tasks of the tree, ended ones included.</summary>
    public int TaskCount => VPids.Count;

    /// <summary>What the tree was spawned from.</summary>
    public CrTreePlan Plan { get; }

    /// <summary>Where the tree's files are; gone when it has been stopped.</summary>
    public string WorkFolder { get; }

    /// <summary>Whether it was stopped.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes over a restored root, so that it ends with this tree.</summary>
    public void Adopt(int id)
    {
        _tree.Adopt(id);
        Id = id;
    }

    /// <summary>Ends every process of the tree and removes its files.</summary>
    public void Dispose()
    {
        if (Stopped)
            return;
        Stopped = true;
        _tree.Dispose();
        _spawner.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => $"process tree {Id} of {TaskCount} tasks";
}
