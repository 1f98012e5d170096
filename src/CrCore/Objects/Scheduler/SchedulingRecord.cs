using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Scheduler;

/// <summary>SCHEDULING (151): how a thread is scheduled (sched(7)).</summary>
public sealed record SchedulingRecord : ICrRecord
{
    internal const short Id = 151;

    /// <summary>Words of 64 processors: CONFIG_NR_CPUS is at most 8,192.</summary>
    public const int MaxWords = 128;

    internal const int MaxPayload = 72 + 4 + MaxWords * 8;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <summary>The thread, by its number in the tree's pid namespace: the framing's parent.</summary>
    public required int VTid { get; init; }

    /// <summary>Without SCHED_RESET_ON_FORK, which is one of the flags.</summary>
    public SchedulingPolicy Policy { get; init; }

    /// <summary>SCHED_FLAG_* of linux/sched.h, reset-on-fork (1) among them.</summary>
    public ulong Flags { get; init; }

    /// <summary>−20 … 19.</summary>
    public int Nice { get; init; }

    /// <summary>1 … 99 for FIFO and RR, else 0.</summary>
    public uint Priority { get; init; }

    /// <summary>Nanoseconds: a deadline task's budget, or the slice of an ordinary one.</summary>
    public ulong Runtime { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong Deadline { get; init; }

    /// <summary>Nanoseconds.</summary>
    public ulong Period { get; init; }

    /// <summary>As ioprio_get(2) gives it; 0: it follows the nice value.</summary>
    public int IoPriority { get; init; }

    /// <summary>Nanoseconds (PR_SET_TIMERSLACK); 0 for real-time threads, which have none.</summary>
    public ulong TimerSlack { get; init; }

    /// <summary>Bit n of word n / 64: the thread may run on processor n. No trailing words of zeros.</summary>
    public IReadOnlyList<ulong> Processors { get; init; } = [];

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Policy);
        w.I32(Nice);
        w.U64(Flags);
        w.U32(Priority);
        w.I32(IoPriority);
        w.U64(Runtime);
        w.U64(Deadline);
        w.U64(Period);
        w.U64(TimerSlack);
        w.U32((uint)Processors.Count);
        foreach (var word in Processors)
            w.U64(word);
    }

    internal static SchedulingRecord Read(uint parent, ref FieldReader r) => new()
    {
        VTid = (int)parent,
        Policy = (SchedulingPolicy)r.U32(),
        Nice = r.I32(),
        Flags = r.U64(),
        Priority = r.U32(),
        IoPriority = r.I32(),
        Runtime = r.U64(),
        Deadline = r.U64(),
        Period = r.U64(),
        TimerSlack = r.U64(),
        Processors = ReadWords(ref r),
    };

    private static ulong[] ReadWords(ref FieldReader r)
    {
        var words = new ulong[r.Count(8)];
        for (var i = 0; i < words.Length; i++)
            words[i] = r.U64();
        return words;
    }
}
