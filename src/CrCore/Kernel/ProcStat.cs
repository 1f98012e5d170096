namespace CrCore.Kernel;

/// <summary>State letters of proc_pid_stat(5), field 3.</summary>
public enum TaskState : byte
{
    Running = (byte)'R',
    Sleeping = (byte)'S',
    /// <summary>Uninterruptible: a signal or an interrupt request does not stop it; a vfork parent is here.</summary>
    DiskSleep = (byte)'D',
    Stopped = (byte)'T',
    TracingStop = (byte)'t',
    Zombie = (byte)'Z',
    Dead = (byte)'X',
    Idle = (byte)'I',
    Parked = (byte)'P',
}

/// <summary>
/// /proc/PID/stat or /proc/PID/task/TID/stat (proc_pid_stat(5); do_task_stat in fs/proc/array.c). Ids are those of the
/// pid namespace of /proc; an id that has no number there is 0. Addresses, <see cref="Wchan"/> and
/// <see cref="ExitCode"/> are 0 (code addresses 0 or 1) for a reader without ptrace access to the task.
/// </summary>
public readonly record struct ProcStat
{
    private const int FieldsAfterComm = 50;

    /// <summary>PF_FORKNOEXEC in <see cref="Flags"/>: it has executed nothing since the fork(2) that made it (include/linux/sched.h).</summary>
    public const uint ForkNoExec = 0x40;

    public int Pid { get; private init; }
    public TaskComm Comm { get; private init; }
    public TaskState State { get; private init; }
    public int ParentPid { get; private init; }
    public int ProcessGroup { get; private init; }
    public int Session { get; private init; }
    /// <summary>Device number of the controlling terminal as new_encode_dev packs it; 0 is none.</summary>
    public uint TtyNumber { get; private init; }
    /// <summary>Foreground group of the controlling terminal, -1 without a terminal.</summary>
    public int TtyProcessGroup { get; private init; }
    /// <summary>PF_* of include/linux/sched.h; not a stable interface.</summary>
    public uint Flags { get; private init; }
    /// <summary>Time in user mode, in ticks of 1/sysconf(_SC_CLK_TCK) s.</summary>
    public ulong UserTime { get; private init; }
    public ulong SystemTime { get; private init; }
    public long ChildrenUserTime { get; private init; }
    public long ChildrenSystemTime { get; private init; }
    public long Priority { get; private init; }
    /// <summary>-20 … 19.</summary>
    public int Nice { get; private init; }
    public int ThreadCount { get; private init; }
    /// <summary>Start after boot (of the reader's time namespace) in ticks; with the pid it identifies a task.</summary>
    public ulong StartTime { get; private init; }
    /// <summary>Size of the address space in bytes.</summary>
    public ulong VirtualSize { get; private init; }
    /// <summary>Resident pages, inexact.</summary>
    public long ResidentPages { get; private init; }
    public ulong ResidentLimit { get; private init; }
    public ulong StartCode { get; private init; }
    public ulong EndCode { get; private init; }
    /// <summary>Bottom (first address used) of the main stack.</summary>
    public ulong StartStack { get; private init; }
    public ulong StackPointer { get; private init; }
    public ulong InstructionPointer { get; private init; }
    public ulong Wchan { get; private init; }
    /// <summary>Signal to the parent on exit: 17 (SIGCHLD) as a rule, 0 for none, -1 for a thread that is not the leader.</summary>
    public int ExitSignal { get; private init; }
    /// <summary>The processor it last ran on.</summary>
    public int Processor { get; private init; }
    /// <summary>1 … 99 for a real-time policy, else 0.</summary>
    public uint RealTimePriority { get; private init; }
    /// <summary>SCHED_* of sched(7).</summary>
    public uint Policy { get; private init; }
    public ulong StartData { get; private init; }
    public ulong EndData { get; private init; }
    public ulong StartBrk { get; private init; }
    public ulong ArgStart { get; private init; }
    public ulong ArgEnd { get; private init; }
    public ulong EnvStart { get; private init; }
    public ulong EnvEnd { get; private init; }
    /// <summary>The wait status (wait(2)) that a zombie's parent will see.</summary>
    public int ExitCode { get; private init; }

    public bool IsZombie => State is TaskState.Zombie or TaskState.Dead;

    /// <summary>Reads a task's stat; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, out ProcStat stat)
    {
        stat = default;
        if (!reader.TryRead(dir, "stat"u8, out var text))
            return false;
        return TryParse(text, out stat) ? true : throw KernelError.BadText($"{dir}/stat", dir.Task);
    }

    /// <summary>Parses the text of a stat file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ProcStat stat)
    {
        stat = default;
        // The comm may hold blanks, parentheses and line feeds; no later field does.
        var open = text.IndexOf((byte)'(');
        var close = text.LastIndexOf((byte)')');
        if (open < 1 || close < open || close + 3 > text.Length)
            return false;
        var head = new TextCursor(text[..open]);
        var pid = head.Int32();
        var tail = new TextCursor(text[(close + 1)..]);
        var state = tail.Word();
        if (state.Length != 1 || head.Failed)
            return false;

        // f[n] is field n of the manual page; every one is a number.
        Span<ulong> f = stackalloc ulong[FieldsAfterComm + 3];
        for (var i = 4; i < f.Length; i++)
            f[i] = tail.Unsigned();
        if (tail.Failed)
            return false;
        stat = new ProcStat
        {
            Pid = pid,
            Comm = new TaskComm(text[(open + 1)..close]),
            State = (TaskState)state[0],
            ParentPid = (int)f[4],
            ProcessGroup = (int)f[5],
            Session = (int)f[6],
            TtyNumber = (uint)f[7],
            TtyProcessGroup = (int)f[8],
            Flags = (uint)f[9],
            UserTime = f[14],
            SystemTime = f[15],
            ChildrenUserTime = (long)f[16],
            ChildrenSystemTime = (long)f[17],
            Priority = (long)f[18],
            Nice = (int)f[19],
            ThreadCount = (int)f[20],
            StartTime = f[22],
            VirtualSize = f[23],
            ResidentPages = (long)f[24],
            ResidentLimit = f[25],
            StartCode = f[26],
            EndCode = f[27],
            StartStack = f[28],
            StackPointer = f[29],
            InstructionPointer = f[30],
            Wchan = f[35],
            ExitSignal = (int)f[38],
            Processor = (int)f[39],
            RealTimePriority = (uint)f[40],
            Policy = (uint)f[41],
            StartData = f[45],
            EndData = f[46],
            StartBrk = f[47],
            ArgStart = f[48],
            ArgEnd = f[49],
            EnvStart = f[50],
            EnvEnd = f[51],
            ExitCode = (int)f[52],
        };
        return true;
    }
}
