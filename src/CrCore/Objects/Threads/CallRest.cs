using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Threads;

/// <summary>CALL_REST (170): what was left of the timeout of the call that a thread waits in, where the call itself does not tell.</summary>
public sealed record CallRestRecord : ICrRecord
{
    internal const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => ThreadRecordIds.CallRest;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>At the freeze.</summary>
    public required TimeSpec Rest { get; init; }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64((ulong)Rest.Seconds);
        w.U64((ulong)Rest.Nanoseconds);
    }

    internal static CallRestRecord Read(uint parent, ref FieldReader r)
    {
        var rest = new TimeSpec((long)r.U64(), (long)r.U64());
        return rest is { Seconds: >= 0, Nanoseconds: >= 0 and < 1_000_000_000 }
            ? new CallRestRecord { VTid = (int)parent, Rest = rest }
            : throw r.Bad($"a time of {rest.Seconds} s and {rest.Nanoseconds} ns");
    }
}

/// <summary>Which calls have a timeout that runs from their start and tell nobody what is left of it, and where it stands.</summary>
internal static class CallRest
{
    private const int FutexCommand = 0x7f, FutexWait = 0;

    /// <summary>Bytes below the stack pointer that are the program's own (the red zone of the x86-64 ABI), and room for a time.</summary>
    public const int BelowStack = 256;

    /// <summary>What is left of the timeout after a sleep, never nothing; null where the call is another or has a <c>rem</c> pointer.</summary>
    public static TimeSpec? Of(in Registers registers, TimeSpan slept, RestartedCall.TimeReader time)
    {
        if (!SyscallRestart.NeedsRestartBlock(registers))
            return null;
        if (registers.OrigRax == (ulong)Sys.poll)
            return (int)registers.Rdx > 0 ? Less(new((int)registers.Rdx / 1000, (int)registers.Rdx % 1000 * 1_000_000), slept) : null;
        return TimeAddress(registers) is { } address && time(address) is { Seconds: >= 0, Nanoseconds: >= 0 and < 1_000_000_000 } full ? Less(full, slept) : null;
    }

    /// <summary>The registers with another timeout.</summary>
    /// <param name="saved">Of a call that <see cref="Of"/> knows.</param>
    /// <param name="rest">The timeout.</param>
    /// <param name="address">Where it stands in the thread's memory, for calls that take a pointer.</param>
    public static Registers With(in Registers saved, TimeSpec rest, ulong address)
    {
        var r = saved;
        switch ((Sys)r.OrigRax)
        {
            // Rounded up, as timeouts never end early. What fits into the seconds of Of() fits here.
            case Sys.poll: r.Rdx = (ulong)Math.Min(int.MaxValue, (decimal)rest.Seconds * 1000 + (rest.Nanoseconds + 999_999) / 1_000_000); break;
            case Sys.nanosleep: r.Rdi = address; break;
            case Sys.clock_nanosleep: r.Rdx = address; break;
            case Sys.futex: r.R10 = address; break;
        }
        return r;
    }

    /// <summary>Where the call's timespec is; null where it has none, an absolute one, one of processor time, or a <c>rem</c> pointer.</summary>
    public static ulong? TimeAddress(in Registers r) => (Sys)r.OrigRax switch
    {
        Sys.nanosleep when r.Rsi == 0 => r.Rdi,
        // CLOCK_REALTIME, MONOTONIC, BOOTTIME, TAI.
        Sys.clock_nanosleep when r.R10 == 0 && r.Rsi == 0 && r.Rdi is (0 or 1 or 7 or 11) => r.Rdx,
        Sys.futex when (r.Rsi & FutexCommand) == FutexWait => r.R10,
        _ => null,
    };

    private static TimeSpec Less(TimeSpec full, TimeSpan slept)
    {
        var seconds = full.Seconds - (long)slept.TotalSeconds;
        var nanoseconds = full.Nanoseconds - slept.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        if (nanoseconds < 0)
            (seconds, nanoseconds) = (seconds - 1, nanoseconds + 1_000_000_000);
        return seconds < 0 || (seconds == 0 && nanoseconds == 0) ? new(0, 1) : new(seconds, nanoseconds);
    }
}
