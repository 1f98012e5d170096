using System.Diagnostics;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Checkpoint;

/// <summary>
/// Stops every thread of a tree by PTRACE_SEIZE and PTRACE_INTERRUPT and lets it go again. The tree is never given
/// PTRACE_O_EXITKILL: should this program die, the kernel detaches all threads and they run on.
/// All calls must come from one thread (ptrace(2)).
/// </summary>
/// <param name="proc">Reads anew.</param>
/// <param name="facts">Cleared before each walk; after the freeze it holds what the last one read.</param>
internal sealed class TreeFreezer(ProcReader proc, ProcFacts? facts = null) : IDisposable
{
    /// <summary>So many threads are on their way to a stop before the first of them is looked at.</summary>
    private const int UnderWay = 4;

    private readonly ProcReader _walker = new(facts);
    private readonly Dictionary<int, StoppedThread> _stopped = [];
    private readonly SleepMeter _meter = new(proc);
    private EarlyLook? _early;

    /// <summary>How long the tree runs before it is tried again: what it was in the middle of needs time, not tries.</summary>
    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(10), _longestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>A thread held by this freezer.</summary>
    /// <param name="Tracee">How to wait for it.</param>
    /// <param name="Pid">Its thread group.</param>
    public sealed record StoppedThread(Tracee Tracee, int Pid)
    {
        public bool Waited { get; set; }
        public WaitReport Stop { get; set; }

        /// <summary>The call that it slept in until it was stopped, where that could be measured.</summary>
        public SleepMeter.Sleep? Sleep { get; init; }
    }

    public IReadOnlyDictionary<int, StoppedThread> Stopped => _stopped;

    /// <summary>How long a stopped thread had slept in its call; null where that is not known.</summary>
    public TimeSpan? Slept(int tid, in Registers registers)
        => _stopped.TryGetValue(tid, out var thread) ? _meter.Confirm(new TaskDir(thread.Pid, tid), thread.Sleep, registers) : null;

    /// <summary>When the first thread was stopped, as a Stopwatch timestamp; 0 before.</summary>
    public long FrozenSince { get; private set; }

    /// <summary>Freezes the tree: walks it again and again until a walk finds no thread that is not stopped.</summary>
    /// <param name="seen">What a walk has just found: seized before the first walk.</param>
    /// <returns>The tasks of the last walk, the root first, depth-first.</returns>
    /// <exception cref="CrTargetException">A thread did not stop in time, or the root ended; everything was let go.</exception>
    public List<LiveTask> Freeze(int rootPid, IReadOnlyList<LiveTask> seen, TimeSpan timeout, CancellationToken cancel)
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(timeout.TotalSeconds * Stopwatch.Frequency);
        // A parent in vfork(2) cannot stop before its child goes on: let the tree run for a moment and try again.
        // The patience is for one thread, so that a large tree may take its time as long as it moves on.
        var patience = Stopwatch.Frequency / 2;
        var pause = _shortestPause;
        _early = facts is null ? null : EarlyLook.Of(seen);
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            if (TryFreeze(rootPid, seen, patience, cancel, out var tasks, out var laggard))
            {
                EndEarlyLook(counts: true);
                return tasks;
            }
            Thaw();
            seen = [];
            if (Stopwatch.GetTimestamp() >= deadline)
                throw new CrTargetException("CrFreezeTimeout",
                    $"Task {laggard} did not stop within {timeout.TotalSeconds:0.#} s{(VforkWait.Holds(proc, laggard) ? ", as it waits for a child to run a program (vfork)" : "")}; the tree was let go and runs on.",
                    "A task in uninterruptible sleep (state D: a hanging disk or network file system, or a vfork parent) cannot be stopped; try again when it is over, or raise the freeze timeout.")
                { Pid = laggard };
            Thread.Sleep(pause);
            patience *= 2;
            if (pause < _longestPause)
                pause *= 2;
        }
    }

    private bool TryFreeze(int rootPid, IReadOnlyList<LiveTask> seen, long patience, CancellationToken cancel, out List<LiveTask> tasks, out int laggard)
    {
        tasks = [];
        // Threads that would not stop the last time are held already.
        FrozenSince = _stopped.Count > 0 ? Stopwatch.GetTimestamp() : 0;
        SeizeAll(seen);
        if (!AwaitAll(patience, cancel, out laggard))
            return false;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            facts?.Clear();
            tasks = TreeWalk.Walk(_walker, rootPid);
            if (tasks.Count == 0)
                throw new CrTargetException("CrRootEnded", $"Task {rootPid} ended before it could be frozen.", "Nothing is left to checkpoint.") { Pid = rootPid };
            var news = SeizeAll(tasks);
            if (!AwaitAll(patience, cancel, out laggard))
                return false;
            if (news)
                continue;
            ReleaseStrangers(tasks);
            return true;
        }
    }

    /// <summary>
    /// Lets go of what is not of the tree any more: who lost its parent since it was seen, and whoever was given the number
    /// of a task that ended since.
    /// </summary>
    private void ReleaseStrangers(List<LiveTask> tasks)
    {
        var count = 0;
        foreach (var task in tasks)
            count += task.Tids.Count;
        if (count == _stopped.Count)
            return;
        var ours = new HashSet<int>(count);
        foreach (var task in tasks)
            foreach (var tid in task.Tids)
                ours.Add(tid);
        foreach (var tid in new List<int>(_stopped.Keys))
            if (!ours.Contains(tid))
            {
                Ptrace.Detach(tid);
                _stopped.Remove(tid);
            }
    }

    private bool SeizeAll(IReadOnlyList<LiveTask> tasks)
    {
        var news = false;
        var under = new Queue<StoppedThread>();
        foreach (var task in tasks)
            foreach (var tid in task.Tids)
            {
                news |= Seize(task, tid);
                if (_early is not null && _stopped.TryGetValue(tid, out var thread))
                {
                    under.Enqueue(thread);
                    LookEarly(under, UnderWay);
                }
            }
        if (_early is not null)
            LookEarly(under, 0);
        return news;
    }

    /// <summary>
    /// Has those looked at that stand by now. In the order in which they are stopped, so that a leader stands before what its threads
    /// have in common with it is read of it.
    /// </summary>
    /// <param name="room">As many are not asked yet: they were only just told to stop.</param>
    private void LookEarly(Queue<StoppedThread> under, int room)
    {
        while (under.Count > room)
        {
            var thread = under.Peek();
            if (!thread.Waited)
            {
                if (!AwaitEventStop(thread, 0, out var ended) || ended)
                    return;
                thread.Waited = true;
            }
            _early!.Add(new TaskDir(thread.Pid, thread.Tracee.Tid));
            under.Dequeue();
        }
    }

    private void EndEarlyLook(bool counts)
    {
        if (counts)
            _early?.GiveTo(facts!);
        else
            _early?.Dispose();
        _early = null;
    }

    /// <returns>true when the thread was not held before.</returns>
    private bool Seize(LiveTask task, int tid)
    {
        var pid = task.Pid;
        if (_stopped.ContainsKey(tid))
            return false;
        var polled = task.Stat.ParentPid == Environment.ProcessId;
        if (polled)
            ChildSignal.IsToBeTraced(pid);
        var options = PtraceOptions.TraceSysGood;
        var e = Ptrace.Seize(tid, options);
        if (e == Errno.ESRCH || (e == Errno.EPERM && HasJustEnded(pid, tid)))
            return true;
        if (e == Errno.EPERM)
            throw CannotTrace(pid, tid);
        if (e != Errno.None)
            throw new CrKernelException("CrSeizeFailed", $"Seizing task {tid}", e) { Pid = tid };
        if (FrozenSince == 0)
            FrozenSince = Stopwatch.GetTimestamp();
        _stopped.Add(tid, new StoppedThread(new Tracee(tid, polled), pid) { Sleep = _meter.Measure(new TaskDir(pid, tid)) });
        e = Ptrace.Interrupt(tid);
        if (e is not (Errno.None or Errno.ESRCH))
            throw new CrKernelException("CrInterruptFailed", $"Interrupting task {tid}", e) { Pid = tid };
        return true;
    }

    /// <summary>
    /// A task that has ended is refused with EPERM, too (ptrace_attach in kernel/ptrace.c). The next walk finds it gone or
    /// a zombie; a leader whose threads live on would be found again and again, and stays refused.
    /// </summary>
    private bool HasJustEnded(int pid, int tid)
        => !ProcStat.TryRead(proc, new TaskDir(pid, tid), out var stat) || (stat.IsZombie && (tid != pid || stat.ThreadCount <= 1));

    private CrException CannotTrace(int pid, int tid)
    {
        var tracer = ProcStatus.TryRead(proc, new TaskDir(pid, tid), out var status) ? status.TracerPid : 0;
        if (tracer != 0)
        {
            var name = ProcStat.TryRead(proc, tracer, out var its) ? its.Comm.ToString() : "unknown";
            return TracerThread.IsName(name)
                ? new CrTargetException("CrAlreadyTraced", $"Another checkpoint is at work on task {tid} (thread {tracer}).", "Try again when that is over.") { Pid = tid }
                : new CrTargetException("CrAlreadyTraced", $"Task {tid} is traced by process {tracer} ({name}) already.", $"End the debugger or tracer with pid {tracer} first.") { Pid = tid };
        }
        return new CrKernelException("CrSeizeFailed", $"Seizing task {tid}", Errno.EPERM,
            "The task belongs to another user or is not dumpable: run as its owner or with CAP_SYS_PTRACE. A kernel thread cannot be checkpointed.") { Pid = tid };
    }

    private bool AwaitAll(long patience, CancellationToken cancel, out int laggard)
    {
        laggard = 0;
        List<int>? gone = null;
        foreach (var (tid, thread) in _stopped)
        {
            if (thread.Waited)
                continue;
            cancel.ThrowIfCancellationRequested();
            var now = Stopwatch.GetTimestamp();
            var soon = Math.Min(patience, Stopwatch.Frequency / 50);
            if (!AwaitEventStop(thread, now + soon, out var ended)
                && (VforkWait.Holds(proc, new TaskDir(thread.Pid, tid)) || !AwaitEventStop(thread, now + patience, out ended)))
            {
                laggard = tid;
                return false;
            }
            if (ended)
                (gone ??= []).Add(tid);
            else
                thread.Waited = true;
        }
        if (gone is null)
            return true;
        // A thread that executes a program takes its leader's number (de_thread in fs/exec.c): what was read of that may be another's.
        EndEarlyLook(counts: false);
        foreach (var tid in gone)
            _stopped.Remove(tid);
        return true;
    }

    /// <summary>
    /// The stop that PTRACE_INTERRUPT asked for. A signal that arrives first is given back to the thread with the
    /// order to go on: the event stop follows before the thread runs a single instruction of its handler.
    /// </summary>
    private static bool AwaitEventStop(StoppedThread thread, long deadline, out bool ended)
    {
        ended = false;
        while (true)
        {
            if (!thread.Tracee.AwaitStop(deadline, out var report))
                return false;
            if (report.IsEnd)
            {
                // Its parent learns of it, and an init whose children are all gone ends, only when the tracer has taken the end
                // (wait_task_zombie in kernel/exit.c). A child of ours is left to whoever waits for it in this process.
                if (!thread.Tracee.Polled)
                    Wait.Take(thread.Tracee.Tid, noHang: true, out _);
                ended = true;
                return true;
            }
            if (report.IsEventStop)
            {
                thread.Stop = report;
                return true;
            }
            var e = Ptrace.Continue(thread.Tracee.Tid, report.StopSignal);
            if (e is not (Errno.None or Errno.ESRCH))
                throw new CrKernelException("CrContinueFailed", $"Giving signal {report.StopSignal} back to task {thread.Tracee.Tid}", e) { Pid = thread.Tracee.Tid };
        }
    }

    /// <summary>Lets every thread go where it was. Threads that ended meanwhile are passed over.</summary>
    /// <remarks>
    /// Those that stand go first, as one that would not stop may be waiting for them. A thread can be detached only while it is
    /// stopped: one that still will not is kept, for the next freeze to find it held; after the last, the kernel detaches it when
    /// the tracer thread ends.
    /// </remarks>
    public void Thaw()
    {
        EndEarlyLook(counts: false);
        List<StoppedThread>? late = null;
        foreach (var (tid, thread) in _stopped)
            if (thread.Waited)
                Ptrace.Detach(tid);
            else
                (late ??= []).Add(thread);
        _stopped.Clear();
        FrozenSince = 0;
        if (late is not null)
            foreach (var thread in late)
                if (AwaitEventStop(thread, Stopwatch.GetTimestamp() + Stopwatch.Frequency / 100, out _))
                    Ptrace.Detach(thread.Tracee.Tid);
                else
                    // It has gone on meanwhile: how long it sleeps is no more known.
                    _stopped.Add(thread.Tracee.Tid, thread with { Sleep = null });
    }

    public void Dispose()
    {
        Thaw();
        _walker.Dispose();
    }
}
