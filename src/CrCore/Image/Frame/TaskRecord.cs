namespace CrCore.Image;

/// <summary>TASK (102): a process, alive or ended. Its comm follows as a STRING.</summary>
public sealed record TaskRecord : ICrRecord
{
    /// <summary>Payload bytes of revision 4.</summary>
    public const int PayloadSize = 48;

    /// <summary>Payload bytes of the seed; revision 4 goes on behind them.</summary>
    public const int SeedSize = 32;

    /// <summary>Payload bytes before the seed: no vpid and no children.</summary>
    public const int Revision3Size = 24;

    /// <summary>Values of <see cref="State"/>, those of include/linux/sched.h in Linux 2.6.27.</summary>
    public const uint StateRunning = 0, StateInterruptible = 1, StateUninterruptible = 2, StateStopped = 4, StateTraced = 8;

    /// <summary>Values of Linux 2.6.27, which the lineage keeps (later kernels exchanged them).</summary>
    public const uint ExitZombie = 16, ExitDead = 32;

    /// <summary>What wait(2) gives of a task that was continued.</summary>
    public const uint StatusContinued = 0xffff;

    /// <inheritdoc/>
    public short Type => RecordIds.Task;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>What the leader was doing: a state constant of this type.</summary>
    public uint State { get; init; }

    /// <summary>0 for the living, else <see cref="ExitZombie"/> or <see cref="ExitDead"/>.</summary>
    public uint ExitState { get; init; }

    /// <summary>
    /// Of the ended: the status as wait(2) gives it: exit code × 256, or the fatal signal, plus 128 where a core was dumped.
    /// Of the stopped: the signal that stopped it, or 0 where its parent has taken note of that. Of all others 0, or
    /// <see cref="StatusContinued"/> where it was continued and its parent has not taken note of that.
    /// </summary>
    public uint ExitCode { get; init; }

    /// <summary>The signal that its parent gets at its end; 0 for none.</summary>
    public uint ExitSignal { get; init; }

    /// <summary>The pid as seen from the root's pid namespace. 1 starts a container.</summary>
    public int VPid { get; init; }

    /// <summary>Children whose TASK records follow, depth-first.</summary>
    public int ChildrenCount { get; init; }

    /// <summary>Bytes of the STRING that follows.</summary>
    public int CommLength { get; init; } = ImageFormat.CommLength;

    /// <summary>The process group; 0 where its number cannot be seen from the root's pid namespace. Revision 4.</summary>
    public int VPgid { get; init; }

    /// <summary>The session; 0 where its number cannot be seen from the root's pid namespace. Revision 4.</summary>
    public int VSid { get; init; }

    /// <summary>THREAD records that follow before the next TASK: at least 1 for the living. Revision 4.</summary>
    public int ThreadCount { get; init; }

    /// <summary>The task has ended and waits for its parent: <see cref="ExitCode"/> is its status.</summary>
    public bool IsEnded => ExitState != 0;

    /// <summary>Stopped by job control.</summary>
    public bool IsStopped => ExitState == 0 && State == StateStopped;

    /// <summary>Runs on after a stop, which its parent has not taken note of.</summary>
    public bool IsContinueNews => ExitState == 0 && State != StateStopped && ExitCode == StatusContinued;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(State);
        w.U32(ExitState);
        w.U32(ExitCode);
        w.U32(ExitSignal);
        w.I32(VPid);
        w.I32(ChildrenCount);
        w.I32(CommLength);
        w.U32(0);
        w.I32(VPgid);
        w.I32(VSid);
        w.I32(ThreadCount);
        w.U32(0);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static TaskRecord Read(uint parent, ref FieldReader r)
    {
        var task = ReadSeed(ref r, out var pad);
        if (pad != 0)
            throw r.Bad($"the padding of task {task.VPid} is {pad:x}, not 0");
        task = task with { VPgid = r.I32(), VSid = r.I32(), ThreadCount = r.I32() };
        r.Pad4();
        TaskRules.CheckRevision4(task, ref r);
        return task;
    }

    /// <summary>The seed's form, the first 32 bytes of revision 4.</summary>
    internal static TaskRecord ReadSeed(ref FieldReader r, out uint pad)
    {
        var task = new TaskRecord
        {
            State = r.U32(),
            ExitState = r.U32(),
            ExitCode = r.U32(),
            ExitSignal = r.U32(),
            VPid = r.I32(),
            ChildrenCount = r.I32(),
            CommLength = r.I32(),
        };
        pad = r.U32();
        TaskRules.CheckSeed(task, ref r);
        return task;
    }

    /// <summary>The form before the seed: its pid stands in the tree's array only.</summary>
    internal static TaskRecord ReadRevision3(ref FieldReader r)
    {
        var task = new TaskRecord
        {
            State = r.U32(),
            ExitState = r.U32(),
            ExitCode = r.U32(),
            ExitSignal = r.U32(),
            CommLength = r.I32(),
        };
        r.U32();
        TaskRules.CheckComm(task, ref r);
        return task;
    }
}
