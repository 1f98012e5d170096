using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Timers;

/// <summary>Makes the POSIX timers of a task with their old ids, and starts those that ran.</summary>
internal sealed class TimerCreation(RestoringTask task, PosixTimersRecord record)
{
    private const int PerBatch = 1_000;

    /// <summary>Most ids passed over where the kernel counts them up by itself.</summary>
    private const int MaxSkipped = 100_000;

    private readonly SyscallBatch _batch = new();

    public void Run()
    {
        // Linux 6.16: timer_create takes the id that it is given (PR_TIMER_CREATE_RESTORE_IDS_ON).
        var on = _batch.Try(Sys.prctl, (int)PrctlOption.TimerCreateRestoreIds, 1, 0, 0, 0);
        task.Remote.Run(_batch);
        if (_batch.ErrnoOf(on) == Errno.None)
            CreateById();
        else
            CreateByCounting();
        Start();
    }

    private void CreateById()
    {
        for (var first = 0; first < record.Timers.Count; first += PerBatch)
        {
            _batch.Reset();
            for (var i = first; i < Math.Min(record.Timers.Count, first + PerBatch); i++)
                Create(record.Timers[i], _batch.In(record.Timers[i].Id));
            task.Remote.Run(_batch);
        }
        _batch.Reset();
        _batch.Must("end the restoring of timer ids", null, Sys.prctl, (int)PrctlOption.TimerCreateRestoreIds, 0, 0, 0, 0);
        task.Remote.Run(_batch);
    }

    /// <summary>Older kernels give each process the ids 0, 1, 2, …: those that are not wanted are made and deleted.</summary>
    private void CreateByCounting()
    {
        var next = 0;
        if (record.Timers[^1].Id - record.Timers.Count > MaxSkipped)
            throw new CrTargetException("CrTimerIds", $"Task {task} has a POSIX timer with the id {record.Timers[^1].Id}, which this kernel cannot give.", "Linux 6.16 and later can.") { Pid = task.Pid };
        foreach (var timer in record.Timers)
        {
            _batch.Reset();
            for (; next < timer.Id; next++)
            {
                var id = _batch.In(0);
                _batch.Must("make a timer", null, Sys.timer_create, 1, 0, id);
                _batch.Must("delete a timer", null, Sys.timer_delete, next);
                if (_batch.Count < PerBatch)
                    continue;
                task.Remote.Run(_batch);
                _batch.Reset();
            }
            var made = _batch.In(-1);
            Create(timer, made);
            task.Remote.Run(_batch);
            next = timer.Id + 1;
            if (_batch.Read<int>(made) != timer.Id)
                throw new CrTargetException("CrTimerIds", $"The kernel gave a POSIX timer of task {task} the id {_batch.Read<int>(made)} instead of {timer.Id}.") { Pid = task.Pid };
        }
    }

    private void Create(SavedPosixTimer timer, RemoteBuffer id)
        => _batch.Must("make POSIX timer", timer.Id, Sys.timer_create, timer.ClockId,
            _batch.In(new SigEvent { Value = timer.Value, Signal = timer.Signal, Notify = timer.Notify, Tid = timer.TargetVTid }), id);

    private void Start()
    {
        for (var first = 0; first < record.Timers.Count; first += PerBatch)
        {
            _batch.Reset();
            for (var i = first; i < Math.Min(record.Timers.Count, first + PerBatch); i++)
                if (record.Timers[i] is { Time.Value.IsZero: false } t)
                    _batch.Must("start POSIX timer", t.Id, Sys.timer_settime, t.Id, 0, _batch.In(t.Time), 0);
            task.Remote.Run(_batch);
        }
    }
}
