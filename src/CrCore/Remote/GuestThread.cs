using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// A frozen thread that runs one batch in the arena of another of its process, its host, and stops once for it. Several can be
/// under way at the same time; the host must not leave before all of them have been brought home.
/// </summary>
internal sealed class GuestThread
{
    private readonly Tracee _tracee;
    private readonly int _pid;
    private readonly InjectedState _state;
    private readonly SyscallBatch _batch;
    private readonly ulong _room;

    private GuestThread(Tracee tracee, int pid, in InjectedState state, SyscallBatch batch, ulong room)
        => (_tracee, _pid, _state, _batch, _room) = (tracee, pid, state, batch, room);

    /// <summary>Whether a thread can be one: it can be stopped by a signal, and a guest's part of the arena holds its batch.</summary>
    public static bool CanRun(int marker, SyscallBatch batch) => marker != 0 && batch.ArenaBytes <= CheckpointBlob.GuestRoom;

    /// <summary>Sets the stopped thread on its way; <see cref="Finish"/> waits for it.</summary>
    /// <param name="site">Room in its vdso.</param>
    /// <param name="place">Which of the guests' places it takes; none is in it.</param>
    /// <param name="arena">Of the host, which waits for orders.</param>
    /// <param name="tracee">The thread.</param>
    /// <param name="pid">Its thread group.</param>
    /// <param name="state">Where it was.</param>
    /// <param name="batch">What it runs.</param>
    public static GuestThread Start(InjectionSite site, int place, ulong arena, Tracee tracee, int pid, in InjectedState state, SyscallBatch batch)
    {
        var guest = new GuestThread(tracee, pid, state, batch, arena + (ulong)(CheckpointBlob.GuestsAt + place * CheckpointBlob.GuestRoom));
        // Each step leaves a state from which all would find home: who is not admitted does not touch the arena, and the host
        // of one who is waits until it has left the arena.
        site.WriteGuest(place, state);
        ProcessMemory.Write(pid, guest._room, batch.Encode(guest._room));
        var registers = state.Own;
        registers.Rip = site.GuestEntry;
        registers.R14 = site.GuestBlock(place) + CheckpointBlob.Bias;
        registers.Rbx = guest._room;
        // No restart logic on registers that are not the program's (arch_do_signal_or_restart looks at orig_rax).
        registers.OrigRax = ulong.MaxValue;
        TraceCall.Check(Ptrace.SetRegisters(tracee.Tid, registers), "Setting the registers", tracee.Tid);
        TraceCall.Check(Ptrace.SetSignalMask(tracee.Tid, ulong.MaxValue), "Masking the signals", tracee.Tid);
        site.Admit(place);
        TraceCall.Check(Ptrace.Continue(tracee.Tid), "Continuing", tracee.Tid);
        return guest;
    }

    /// <summary>Waits until the batch has run, and gives the thread its own registers and mask back. It stays stopped.</summary>
    public void Finish()
    {
        ReturnHome();
        _batch.Conclude(_tracee.Tid);
    }

    /// <summary>The same, whatever the batch's calls have said.</summary>
    public void ReturnHome()
    {
        do
        {
            AwaitMarker();
            ProcessMemory.Read(_pid, _room, _batch.ArenaBytesAfterRun);
        }
        // Someone else may have sent the marker signal.
        while (BitConverter.ToInt64(_batch.ArenaBytesAfterRun[CheckpointBlob.DoneAt..]) == 0 && Continue(0));
        TraceCall.Check(Ptrace.SetSignalMask(_tracee.Tid, _state.Mask), "Setting the signal mask", _tracee.Tid);
        TraceCall.Check(Ptrace.SetRegisters(_tracee.Tid, _state.Own), "Setting the registers", _tracee.Tid);
    }

    private void AwaitMarker()
    {
        while (true)
        {
            _tracee.AwaitStop(long.MaxValue, out var stop);
            if (stop.StopSignal == _state.Marker && stop is { IsStop: true, Event: 0 })
                return;
            Continue(InjectedThread.Given(stop, _tracee.Tid));
        }
    }

    private bool Continue(int signal)
    {
        TraceCall.Check(Ptrace.Continue(_tracee.Tid, signal), "Continuing", _tracee.Tid);
        return true;
    }
}
