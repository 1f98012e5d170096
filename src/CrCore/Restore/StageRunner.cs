using CrCore.Objects;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>Runs the kinds of one stage for one task: one batch for the task, one for each thread.</summary>
internal sealed class StageRunner(RestoreStage stage, RestoreContext context)
{
    private readonly SyscallBatch _batch = new();
    private readonly List<Action> _after = [];

    public void Run(RestoringTask task)
    {
        _batch.Reset();
        _after.Clear();
        foreach (var kind in Kinds.All)
            if (kind is IRestoresTask restores && restores.Stage == stage && restores.Restore(context, task, _batch) is { } after)
                _after.Add(after);
        Finish(task.Remote);
        foreach (var thread in task.Threads)
        {
            _batch.Reset();
            _after.Clear();
            foreach (var kind in Kinds.All)
                if (kind is IRestoresThread restores && restores.ThreadStage == stage && restores.Restore(context, thread, _batch) is { } after)
                    _after.Add(after);
            Finish(thread.Remote);
        }
    }

    private void Finish(IRemoteTask remote)
    {
        remote.Run(_batch);
        foreach (var step in _after)
            step();
    }
}
