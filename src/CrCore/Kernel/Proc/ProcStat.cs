using System.Runtime.CompilerServices;

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
public readonly struct ProcStat
{
    /// <summary>One more than the number of the last field, so that a field has the number of the manual page.</summary>
    private const int FieldCount = 53;

    private readonly Numbers _fields;

    /// <summary>PF_FORKNOEXEC in <see cref="Flags"/>: it has executed nothing since the fork(2) that made it (include/linux/sched.h).</summary>
    public const uint ForkNoExec = 0x40;

    private ProcStat(int pid, TaskComm comm, TaskState state, in Numbers fields)
        => (Pid, Comm, State, _fields) = (pid, comm, state, fields);

    public int Pid { get; }
    public TaskComm Comm { get; }
    public TaskState State { get; }
    public int ParentPid => (int)_fields[4];
    public int ProcessGroup => (int)_fields[5];
    public int Session => (int)_fields[6];
    /// <summary>Device number of the controlling terminal as new_encode_dev packs it; 0 is none.</summary>
    public uint TtyNumber => (uint)_fields[7];
    /// <summary>Foreground group of the controlling terminal, -1 without a terminal.</summary>
    public int TtyProcessGroup => (int)_fields[8];
    /// <summary>PF_* of include/linux/sched.h; not a stable interface.</summary>
    public uint Flags => (uint)_fields[9];
    /// <summary>Time in user mode, in ticks of 1/sysconf(_SC_CLK_TCK) s.</summary>
    public ulong UserTime => _fields[14];
    public ulong SystemTime => _fields[15];
    public long ChildrenUserTime => (long)_fields[16];
    public long ChildrenSystemTime => (long)_fields[17];
    public long Priority => (long)_fields[18];
    /// <summary>-20 … 19.</summary>
    public int Nice => (int)_fields[19];
    public int ThreadCount => (int)_fields[20];
    /// <summary>Start after boot (of the reader's time namespace) in ticks; with the pid it identifies a task.</summary>
    public ulong StartTime => _fields[22];
    /// <summary>Size of the address space in bytes.</summary>
    public ulong VirtualSize => _fields[23];
    /// <summary>Resident pages, inexact.</summary>
    public long ResidentPages => (long)_fields[24];
    public ulong ResidentLimit => _fields[25];
    public ulong StartCode => _fields[26];
    public ulong EndCode => _fields[27];
    /// <summary>Bottom (first address used) of the main stack.</summary>
    public ulong StartStack => _fields[28];
    public ulong StackPointer => _fields[29];
    public ulong InstructionPointer => _fields[30];
    public ulong Wchan => _fields[35];
    /// <summary>Signal to the parent on exit: 17 (SIGCHLD) as a rule, 0 for none, -1 for a thread that is not the leader.</summary>
    public int ExitSignal => (int)_fields[38];
    /// <summary>The processor it last ran on.</summary>
    public int Processor => (int)_fields[39];
    /// <summary>1 … 99 for a real-time policy, else 0.</summary>
    public uint RealTimePriority => (uint)_fields[40];
    /// <summary>SCHED_* of sched(7).</summary>
    public uint Policy => (uint)_fields[41];
    public ulong StartData => _fields[45];
    public ulong EndData => _fields[46];
    public ulong StartBrk => _fields[47];
    public ulong ArgStart => _fields[48];
    public ulong ArgEnd => _fields[49];
    public ulong EnvStart => _fields[50];
    public ulong EnvEnd => _fields[51];
    /// <summary>The wait status (wait(2)) that a zombie's parent will see.</summary>
    public int ExitCode => (int)_fields[52];

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

        var fields = new Numbers();
        for (var i = 4; i < FieldCount; i++)
            fields[i] = tail.Unsigned();
        if (tail.Failed)
            return false;
        stat = new ProcStat(pid, new TaskComm(text[(open + 1)..close]), (TaskState)state[0], fields);
        return true;
    }

    /// <summary>The fields behind the comm and the state, every one a number.</summary>
    [InlineArray(FieldCount)]
    private struct Numbers
    {
        private ulong _first;
    }
}
