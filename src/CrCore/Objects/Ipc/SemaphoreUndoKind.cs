using System.Runtime.InteropServices;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>
/// What tasks undo of semaphores when they end (SEM_UNDO of semop(2)). The kernel shows it nowhere: which tasks have a list of it at all
/// is found with kcmp(2), and what is in the list by asking the task itself (<see cref="UndoOperations"/>).
/// </summary>
internal sealed class SemaphoreUndoKind : IInspectsTask, ICapturesTask, IAsksTask, IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } = [new(IpcRecordIds.SemaphoreUndo, "SEMAPHORE_UNDO", SemaphoreUndoRecord.Read, SemaphoreUndoRecord.MaxPayload)];

    public RestoreStage Stage => RestoreStage.State;

    public void Inspect(InspectContext context, LiveTask task) => context.States.Get<UndoHolders>().Inspect(context, task);

    public Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task)
    {
        var holders = context.States.Get<UndoHolders>();
        if (!holders.Pids.Contains(task.Pid))
            return null;
        var round = new UndoRound(holders.Searches(), task);
        context.States.Get<Rounds>().ByPid[task.Pid] = round;
        return round.Next;
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch) => sink =>
    {
        if (!context.States.Get<Rounds>().ByPid.Remove(task.Pid, out var round) || round.Conclude() is not { Count: > 0 } undos)
            return;
        if (!context.States.Get<UndoHolders>().IsOwn)
            throw Refused(task, $"when it ends, it changes semaphore {undos[0].Number} of the System V set {undos[0].Set} by {undos[0].Adjustment} (SEM_UNDO), and the set is not the tree's, but the machine's", "Have the program let go of the semaphore, or run in an IPC namespace of its own.");
        sink.Emit(new SemaphoreUndoRecord(task.VPid, undos));
    };

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<SemaphoreUndoRecord>() is not { } saved)
            return null;
        var values = new Dictionary<int, SemaphoreSetRecord>();
        foreach (var set in context.Root.Image.All<SemaphoreSetRecord>())
            values[set.Name.Id] = set;
        var own = new SyscallBatch();
        var operations = new List<SemaphoreOperation>();
        foreach (var undo in saved.Undos)
        {
            if (!values.TryGetValue(undo.Set, out var set) || undo.Number >= set.Semaphores.Count)
                throw ImageError.Objects(-1, $"{task} undoes semaphore {undo.Number} of the set {undo.Set}, which is not there");
            operations.Clear();
            UndoOperations.AddShift(operations, undo.Number, set.Semaphores[undo.Number].Value, undo.Adjustment);
            own.Must("giving the task what it undoes of", set, Sys.semop, undo.Set, own.In(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(operations))), operations.Count);
            if (own.ArenaBytes > task.Remote.ArenaSize / 2)
            {
                task.Remote.Run(own);
                own.Reset();
            }
        }
        return () => task.Remote.Run(own);
    }

    private static CrPreflightException Refused(FrozenTask task, string reason, string? advice) => new("CrCheckpointObstacles",
        [new("CrSemaphoreUndo", CrErrorKind.NotSupported, ObstacleSeverity.Error, task.Pid, task.Comm, "semaphores", reason, advice)]);

    /// <summary>What is asked of tasks, until their records are written.</summary>
    private sealed class Rounds
    {
        public Dictionary<int, UndoRound> ByPid { get; } = [];
    }

    /// <summary>The questions to one task.</summary>
    private sealed class UndoRound(List<UndoSearch> searches, FrozenTask task)
    {
        /// <summary>Well within what a batch may have.</summary>
        private const int MostAtOnce = 2000;

        private readonly List<(UndoSearch Search, Slot Call)> _asked = [];
        private int _first;

        public bool Next(SyscallBatch batch)
        {
            foreach (var (search, call) in _asked)
                search.Answer(batch.ErrnoOf(call));
            _asked.Clear();
            batch.Reset();
            while (_first < searches.Count && searches[_first].IsOver)
                _first++;
            for (var i = _first; i < searches.Count && _asked.Count < MostAtOnce; i++)
            {
                var search = searches[i];
                if (search.IsOver)
                    continue;
                ReadOnlySpan<SemaphoreOperation> probe = search.Next();
                _asked.Add((search, batch.Try(Sys.semop, search.Set, batch.In(MemoryMarshal.AsBytes(probe)), probe.Length)));
            }
            return _asked.Count > 0;
        }

        public List<SavedUndo> Conclude()
        {
            var undos = new List<SavedUndo>();
            foreach (var search in searches)
                if (search.Failure != Errno.None)
                    throw Refused(task, $"what it undoes of semaphore {search.Number} of the System V set {search.Set} when it ends cannot be found: {search.Failure} ({search.Failure.Describe()})",
                        "Finding it takes 8 operations in one call (the third number of kernel.sem).");
                else if (search.Found is { } found and not 0)
                    undos.Add(new(search.Set, search.Number, (short)found));
            return undos;
        }
    }
}
