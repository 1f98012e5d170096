using CrCore.Remote;

namespace CrCore.Objects.Files;

/// <summary>Feeds a long row of calls to a task in pieces: while a puppet runs one, the next is prepared.</summary>
/// <param name="remote">Who runs them.</param>
/// <param name="full">A piece goes once it has grown to so many bytes.</param>
internal sealed class BatchFeed(IRemoteTask remote, int full = BatchFeed.Full)
{
    /// <summary>A few hundred calls.</summary>
    private const int Full = 64 << 10;

    private Piece _next = new();
    private Piece _sent = new();

    /// <summary>The batch to add to: at least half of the arena is free.</summary>
    public SyscallBatch Next()
    {
        if (_next.Batch.ArenaBytes > full)
            Send();
        return _next.Batch;
    }

    /// <summary>A step to take once the batch as it stands has run.</summary>
    public void After(Action? step)
    {
        if (step is not null)
            _next.Steps.Add(step);
    }

    /// <summary>Runs what is left, and takes all steps.</summary>
    public void Flush()
    {
        Send();
        Finish();
    }

    private void Send()
    {
        Finish();
        (_next, _sent) = (_sent, _next);
        if (remote is not Puppet puppet)
            remote.Run(_sent.Batch);
        else if (!_sent.Batch.IsEmpty)
            puppet.Send(_sent.Batch);
    }

    private void Finish()
    {
        if (remote is Puppet puppet && !_sent.Batch.IsEmpty)
            puppet.Finish(_sent.Batch);
        foreach (var step in _sent.Steps)
            step();
        _sent.Steps.Clear();
        _sent.Batch.Reset();
    }

    private sealed class Piece
    {
        public SyscallBatch Batch { get; } = new();

        public List<Action> Steps { get; } = [];
    }
}
