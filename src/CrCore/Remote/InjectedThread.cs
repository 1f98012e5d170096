using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A frozen thread that runs batches through the injected code. <see cref="Enter"/> … <see cref="Run"/> …
/// <see cref="Leave"/>; at every instant between, the thread would find its own way back to its program if this
/// process died (docs/injection.md).
/// </summary>
internal sealed partial class InjectedThread : IRemoteTask
{
    private const int SigUrg = 23, SigWinch = 28, SigChld = 17, SigStop = 19;

    private readonly InjectionSite _site;
    private readonly Tracee _tracee;
    private readonly InjectedState _state;
    private readonly int _pid;
    private ulong _arena;

    private InjectedThread(InjectionSite site, Tracee tracee, int pid, in InjectedState state, int arenaSize)
    {
        _site = site;
        _tracee = tracee;
        _pid = pid;
        _state = state;
        ArenaSize = arenaSize;
    }

    public int Tid => _tracee.Tid;

    public int ArenaSize { get; }

    /// <summary>Where its arena is: guests work in it while it waits.</summary>
    public ulong Arena => _arena;

    /// <summary>
    /// A signal that stops the thread for its tracer and would do nothing without one: ignored by default, not caught,
    /// not blocked, not pending. 0 when the program uses all three.
    /// </summary>
    public static int ChooseMarker(ulong caught, ulong blocked, ulong pending)
    {
        ReadOnlySpan<int> candidates = [SigUrg, SigWinch, SigChld];
        var taken = caught | blocked | pending;
        foreach (var s in candidates)
            if ((taken & 1UL << (s - 1)) == 0)
                return s;
        return 0;
    }

    /// <summary>Leads the stopped thread into the injected code, up to the point where it waits for orders.</summary>
    /// <param name="site">Room in its vdso.</param>
    /// <param name="tracee">The thread.</param>
    /// <param name="pid">Its thread group.</param>
    /// <param name="state">Where it was.</param>
    /// <param name="arenaSize">Bytes for batches, a multiple of the page size.</param>
    public static InjectedThread Enter(InjectionSite site, Tracee tracee, int pid, in InjectedState state, int arenaSize)
    {
        site.Write(state, arenaSize);
        var thread = new InjectedThread(site, tracee, pid, state, arenaSize);
        var registers = state.Own;
        registers.Rip = site.HostEntry;
        registers.R14 = site.Address + CheckpointBlob.Bias;
        // No restart logic on registers that are not the program's (arch_do_signal_or_restart looks at orig_rax).
        registers.OrigRax = ulong.MaxValue;
        thread.Check(Ptrace.SetRegisters(tracee.Tid, registers), "Setting the registers");
        thread.Check(Ptrace.SetSignalMask(tracee.Tid, ulong.MaxValue), "Masking the signals");
        // A marker signal that was sent to the thread from outside meanwhile stops it, too, before the code's own does. It
        // would have been ignored, and is.
        do
        {
            thread.ContinueToMarker();
            thread.Check(Ptrace.GetRegisters(tracee.Tid, out registers), "Reading the registers");
        }
        while (state.Marker != 0 && registers.OrigRax != (ulong)Sys.tgkill);
        if (registers.Rbx > unchecked((ulong)-4096L))
        {
            // The code has gone on to its second marker by itself when no command can be read: bring the thread home.
            var errno = (Errno)(-(long)registers.Rbx);
            thread.ContinueToMarker();
            thread.Restore();
            throw new CrKernelException("CrArenaFailed", $"Task {tracee.Tid}: mapping {arenaSize} bytes to work in", errno,
                "The task has no address space or memory left (RLIMIT_AS, overcommit); free some and try again.") { Pid = tracee.Tid };
        }
        thread._arena = registers.Rbx;
        return thread;
    }

    public void Run(SyscallBatch batch)
    {
        if (batch.IsEmpty)
            return;
        if (batch.ArenaBytes > ArenaSize)
            throw new InvalidOperationException($"A batch of {batch.Count} calls needs {batch.ArenaBytes} bytes, the arena has {ArenaSize}.");
        var bytes = batch.Encode(_arena);
        // The command last and by itself: a tracer that dies between the two leaves a command word of 0.
        ProcessMemory.Write(_pid, _arena + 8, bytes[8..]);
        Command(1);
        ProcessMemory.Read(_pid, _arena, batch.ArenaBytesAfterRun);
        batch.Conclude(Tid);
    }

    /// <summary>Unmaps the arena and gives the thread its own registers and mask back. It stays stopped.</summary>
    public void Leave()
    {
        Command(2);
        Restore();
    }

    private void Restore()
    {
        Check(Ptrace.SetSignalMask(Tid, _state.Mask), "Setting the signal mask");
        Check(Ptrace.SetRegisters(Tid, _state.Own), "Setting the registers");
    }

    private void Command(long command)
    {
        ProcessMemory.Write(_pid, _arena, BitConverter.GetBytes(command));
        ContinueToMarker();
    }

    private void ContinueToMarker()
    {
        if (_state.Marker == 0)
            ContinueToMarkerCall();
        else
            ContinueToMarkerSignal();
    }

    private void ContinueToMarkerSignal()
    {
        var given = 0;
        while (true)
        {
            Check(Ptrace.Continue(Tid, given), "Continuing");
            var stop = AwaitStop();
            if (stop.StopSignal == _state.Marker && stop.Event == 0)
                return;
            given = Given(stop, Tid);
        }
    }

    /// <summary>
    /// Without a marker signal: run from system call to system call up to the marker call (tgkill with signal 0), then
    /// into an event stop, in which a dying tracer does no harm and registers can be set.
    /// </summary>
    private void ContinueToMarkerCall()
    {
        var given = 0;
        while (true)
        {
            Check(Ptrace.ContinueToSyscall(Tid, given), "Continuing");
            var stop = AwaitStop();
            given = 0;
            if (!stop.IsSyscallStop)
            {
                given = Given(stop, Tid);
                continue;
            }
            Check(Ptrace.GetRegisters(Tid, out var r), "Reading the registers");
            if (r.OrigRax == (ulong)Sys.tgkill && r.Rdx == 0 && (long)r.Rax == -(long)Errno.ENOSYS)
                break;
        }
        Check(Ptrace.Interrupt(Tid), "Interrupting");
        Check(Ptrace.Continue(Tid), "Continuing");
        var last = AwaitStop();
        if (!last.IsEventStop)
            throw Unexpected(last, Tid);
    }

    /// <summary>
    /// What the thread is given back on its way from a stop that is not the one waited for. A group stop that was in force
    /// shows itself once more. And SIGSTOP cannot be masked: one that was pending arrives, and is the program's (it will be
    /// stopped when it is let go). Nothing else can stop a thread with its signals masked.
    /// </summary>
    internal static int Given(WaitReport stop, int tid) => !stop.IsStop ? throw Ended(tid)
        : stop.IsEventStop ? 0
        : stop is { StopSignal: SigStop, Event: 0 } ? SigStop
        : throw Unexpected(stop, tid);

    private WaitReport AwaitStop()
    {
        _tracee.AwaitStop(long.MaxValue, out var report);
        return report.IsStop ? report : throw Ended(Tid);
    }

    private static CrTargetException Unexpected(WaitReport stop, int tid)
        => new("CrUnexpectedStop", $"Task {tid} stopped in a way that the engine does not expect ({stop}).", "Report this with the trace of -Debug.") { Pid = tid };

    private static CrTargetException Ended(int tid)
        => new("CrTaskEnded", $"Task {tid} ended while it was being captured.", "Something killed it; the others run on.") { Pid = tid };

    private void Check(Errno e, string what)
    {
        if (e == Errno.None)
            return;
        if (e == Errno.ESRCH)
            throw Ended(Tid);
        throw new CrKernelException("CrTraceFailed", $"{what} of task {Tid} at {_site}", e) { Pid = Tid };
    }
}
