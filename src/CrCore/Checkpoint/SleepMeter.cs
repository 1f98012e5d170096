using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>
/// Measures how long a thread has slept in its system call. The kernel tells nobody when a timeout ends, but it does tell
/// when a thread last ran (<see cref="ProcSched.LastRun"/>, else <see cref="ProcSched.LastLoad"/>); the stop of a freeze
/// overwrites that, so it must be read just before.
/// </summary>
/// <remarks>
/// A measure, not a promise: the processor's clock of tasks leaves out what the machine's host took from it, and a thread
/// that was woken and slept on in the same call is measured from then, as is one that was moved to another processor
/// meanwhile. All make the sleep shorter than it was. What cannot be measured is null.
/// </remarks>
/// <param name="proc">Reads anew.</param>
internal sealed class SleepMeter(ProcReader proc)
{
    private readonly Dictionary<int, ProcessorClocks?> _clocks = [];

    /// <summary>CLOCK_MONOTONIC less a processor's clocks of tasks and of loads, in nanoseconds.</summary>
    private readonly record struct ProcessorClocks(long Tasks, long Loads);

    /// <summary>Where a thread slept before it was stopped.</summary>
    internal sealed record Sleep(ProcSyscall Call, long VoluntarySwitches, TimeSpan Length);

    /// <summary>Measures a thread that runs free and is about to be stopped.</summary>
    public Sleep? Measure(TaskDir dir)
    {
        try
        {
            if (!ProcSyscall.TryRead(proc, dir, out var call) || !MayHaveRestartBlock(call)
                || !ProcStat.TryRead(proc, dir, out var stat) || !TryReadSched(dir, out var sched)
                || ClocksOf(stat.Processor) is not { } clocks)
                return null;
            var asleepSince = sched.LastRun > 0 ? clocks.Tasks + sched.LastRun : clocks.Loads + sched.LastLoad;
            return new Sleep(call, sched.VoluntarySwitches, TimeSpan.FromTicks(Math.Max(0, Monotonic() - asleepSince) / TimeSpan.NanosecondsPerTick));
        }
        // It may be ending just now, and an older kernel may lack the file: then nothing is known, as of most threads.
        catch (CrKernelException)
        {
            return null;
        }
    }

    /// <summary>The measure, if the stopped thread is still in the call that was measured: it gave up the processor once more, for its stop.</summary>
    public TimeSpan? Confirm(TaskDir dir, Sleep? sleep, in Registers registers)
        => sleep is not null && registers.InSyscall && registers.OrigRax == (ulong)sleep.Call.Number
            && registers.Rip == sleep.Call.InstructionPointer && registers.Rsp == sleep.Call.StackPointer
            && TryReadSched(dir, out var sched) && sched.VoluntarySwitches == sleep.VoluntarySwitches + 1
            ? sleep.Length
            : null;

    // A futex without a timeout, the fourth argument, is simply waited for again.
    private static bool MayHaveRestartBlock(in ProcSyscall call)
        => call.Number is (long)Sys.poll or (long)Sys.nanosleep or (long)Sys.clock_nanosleep or (long)Sys.restart_syscall
            || (call.Number == (long)Sys.futex && call.Arguments[3] != 0);

    private bool TryReadSched(TaskDir dir, out ProcSched sched)
    {
        sched = default;
        return proc.TryRead(dir, "sched"u8, out var text) && ProcSched.TryParse(text, out sched);
    }

    /// <summary>The processor's clocks, seen by running on it for a moment.</summary>
    private ProcessorClocks? ClocksOf(int processor)
    {
        if (!_clocks.TryGetValue(processor, out var clocks))
            _clocks.Add(processor, clocks = ReadClocks(processor));
        return clocks;
    }

    private ProcessorClocks? ReadClocks(int processor)
    {
        if (!Scheduling.TryGetAffinity(0, out var before))
            return null;
        var only = new ulong[processor / 64 + 1];
        only[^1] = 1ul << (processor % 64);
        try
        {
            Scheduling.TrySetAffinity(0, only);
        }
        // Not one that this program may run on.
        catch (CrKernelException)
        {
            return null;
        }
        try
        {
            // Charges this thread up to now.
            Scheduling.Yield();
            var text = proc.ReadSystem("thread-self/sched"u8);
            if (!ProcSched.TryParse(text, out var own) || own.LastRun == 0)
                return null;
            var now = Monotonic();
            return new(now - own.LastRun, now - own.LastLoad);
        }
        finally
        {
            Scheduling.TrySetAffinity(0, before);
        }
    }

    private static long Monotonic()
    {
        const int clockMonotonic = 1;
        var now = Clocks.Now(clockMonotonic);
        return now.Seconds * 1_000_000_000 + now.Nanoseconds;
    }
}
