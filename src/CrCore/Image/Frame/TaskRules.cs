namespace CrCore.Image;

/// <summary>The ranges of a TASK's fields.</summary>
internal static class TaskRules
{
    /// <summary>_NSIG of arch/x86/include/uapi/asm/signal.h.</summary>
    private const uint MaxSignal = 64;

    /// <summary>A comm length below 0 or above the page size is refused, as the seed does.</summary>
    public static void CheckComm(TaskRecord t, ref FieldReader r)
    {
        if (t.CommLength is < 0 or > ImageFormat.PageSize)
            throw r.Bad($"the length of a comm is {t.CommLength}");
    }

    public static void CheckSeed(TaskRecord t, ref FieldReader r)
    {
        CheckComm(t, ref r);
        if (t.VPid is < 1 or > ImageLimits.MaxPid)
            throw r.Bad($"a vpid is {t.VPid}");
        if (t.ChildrenCount is < 0 or >= ImageLimits.MaxTasks)
            throw r.Bad($"task {t.VPid} has {t.ChildrenCount} children");
    }

    public static void CheckRevision4(TaskRecord t, ref FieldReader r)
    {
        if (t.State is not (TaskRecord.StateRunning or TaskRecord.StateInterruptible or TaskRecord.StateUninterruptible
            or TaskRecord.StateStopped or TaskRecord.StateTraced))
            throw r.Bad($"the state of task {t.VPid} is {t.State}");
        if (t.ExitState is not (0 or TaskRecord.ExitZombie or TaskRecord.ExitDead))
            throw r.Bad($"the exit state of task {t.VPid} is {t.ExitState}");
        if (t.ExitSignal > MaxSignal)
            throw r.Bad($"the exit signal of task {t.VPid} is {t.ExitSignal}");
        if (!ExitCodeFits(t))
            throw r.Bad($"the exit code of task {t.VPid} is {t.ExitCode} with state {t.State} and exit state {t.ExitState}");
        if (t.VPgid is < 0 or > ImageLimits.MaxPid || t.VSid is < 0 or > ImageLimits.MaxPid)
            throw r.Bad($"task {t.VPid} is in process group {t.VPgid} and session {t.VSid}");
        if (t.ThreadCount is < 0 or > ImageLimits.MaxPid || (t.ThreadCount == 0 && !t.IsEnded))
            throw r.Bad($"task {t.VPid} has {t.ThreadCount} threads");
    }

    // wait(2): exited is code << 8 with low bits 0; killed is the signal, with 0x80 for a core dump, and high bits 0.
    private static bool ExitCodeFits(TaskRecord t)
    {
        var signal = t.ExitCode & 0x7f;
        if (t.IsEnded)
            return signal == 0 ? (t.ExitCode & ~0xff00u) == 0 : signal <= MaxSignal && (t.ExitCode & ~0xffu) == 0;
        return t.State == TaskRecord.StateStopped ? t.ExitCode <= MaxSignal : t.ExitCode is 0 or TaskRecord.StatusContinued;
    }
}
