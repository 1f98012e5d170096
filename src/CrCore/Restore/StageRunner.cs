using CrCore.Objects;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// Runs the kinds of stages that follow one another: as few batches as can be for each thread, and several tasks at once,
/// each in its puppet, while this thread prepares what comes next.
/// </summary>
internal sealed class StageRunner
{
    /// <summary>Batches under way at most.</summary>
    private const int MostAhead = 12;

    /// <summary>A batch that has grown to this much goes before another kind adds to it.</summary>
    private const int Full = 256 << 10;

    private readonly RestoreContext _context;
    private readonly (IRestoresTask[] Tasks, IRestoresThread[] Threads)[] _stages;
    private readonly Queue<Work> _sent = new();
    private readonly Stack<Work> _free = new();
    private Work _work = new();

    public StageRunner(RestoreContext context, params ReadOnlySpan<RestoreStage> stages)
    {
        _context = context;
        _stages = new (IRestoresTask[], IRestoresThread[])[stages.Length];
        for (var i = 0; i < stages.Length; i++)
        {
            var stage = stages[i];
            _stages[i] = ([.. Kinds.All.OfType<IRestoresTask>().Where(k => k.Stage == stage)], [.. Kinds.All.OfType<IRestoresThread>().Where(k => k.ThreadStage == stage)]);
        }
    }

    /// <summary>Adds a task's calls and sends them; they are through after <see cref="Finish"/>.</summary>
    public void Run(RestoringTask task)
    {
        // The root serves all others, and a task may build upon what its parent has done.
        if (task.Parent is null)
            Finish();
        else
            FinishUpTo(task.Parent);
        Begin(task, task.Remote);
        foreach (var (tasks, threads) in _stages)
        {
            foreach (var kind in tasks)
                Add(kind.Restore(_context, task, _work.Batch), kind.StepComesFirst);
            if (task.Threads.Count > 0)
                Add(task.Threads[0], threads);
        }
        Send();
        for (var i = 1; i < task.Threads.Count; i++)
        {
            // The last one does what must come after all others have their state.
            if (i == task.Threads.Count - 1)
                Finish();
            Begin(task, task.Threads[i].Remote);
            foreach (var (_, threads) in _stages)
                Add(task.Threads[i], threads);
            Send();
        }
        if (task.Parent is null)
            Finish();
    }

    /// <summary>Waits for all that is under way.</summary>
    public void Finish()
    {
        while (_sent.Count > 0)
            FinishOldest();
    }

    private void FinishUpTo(RestoringTask task)
    {
        var left = 0;
        var at = 0;
        foreach (var work in _sent)
        {
            at++;
            if (work.Task == task)
                left = at;
        }
        while (left-- > 0)
            FinishOldest();
    }

    private void Begin(RestoringTask task, IRemoteTask remote) => (_work.Task, _work.Remote) = (task, (Puppet)remote);

    private void Add(RestoringThread thread, IRestoresThread[] kinds)
    {
        foreach (var kind in kinds)
            Add(kind.Restore(_context, thread, _work.Batch), kind.ThreadStepComesFirst);
    }

    private void Add(Action? step, bool first)
    {
        if (step is not null)
            _work.Steps.Add(step);
        if ((step is null || !first) && _work.Batch.ArenaBytes < Full)
            return;
        var (task, remote) = (_work.Task, _work.Remote);
        // A step may make calls in the task's leader: nothing of this task may be under way then.
        Send();
        Finish();
        Begin(task!, remote!);
    }

    private void Send()
    {
        if (!_work.Batch.IsEmpty)
            _work.Remote!.Send(_work.Batch);
        else if (_work.Steps.Count == 0)
            return;
        _sent.Enqueue(_work);
        if (_sent.Count > MostAhead)
            FinishOldest();
        _work = _free.TryPop(out var free) ? free : new Work();
    }

    private void FinishOldest()
    {
        var work = _sent.Dequeue();
        if (!work.Batch.IsEmpty)
            work.Remote!.Finish(work.Batch);
        foreach (var step in work.Steps)
            step();
        work.Batch.Reset();
        work.Steps.Clear();
        _free.Push(work);
    }

    private sealed class Work
    {
        public SyscallBatch Batch { get; } = new();

        /// <summary>To be taken once the batch has run.</summary>
        public List<Action> Steps { get; } = [];

        public RestoringTask? Task { get; set; }

        public Puppet? Remote { get; set; }
    }
}
