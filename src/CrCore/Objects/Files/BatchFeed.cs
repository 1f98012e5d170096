using CrCore.Remote;

namespace CrCore.Objects.Files;

/// <summary>Feeds a long row of calls to a task in batches that fit its arena.</summary>
internal sealed class BatchFeed(IRemoteTask remote)
{
    private readonly SyscallBatch _batch = new();
    private readonly List<Action> _after = [];

    /// <summary>The batch to add to: at least half of the arena is free.</summary>
    public SyscallBatch Next()
    {
        if (_batch.ArenaBytes > remote.ArenaSize / 2)
            Flush();
        return _batch;
    }

    /// <summary>A step to take once the batch as it stands has run.</summary>
    public void After(Action? step)
    {
        if (step is not null)
            _after.Add(step);
    }

    public void Flush()
    {
        remote.Run(_batch);
        foreach (var step in _after)
            step();
        _after.Clear();
        _batch.Reset();
    }
}
