using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>Real, effective, saved and file-system id, as the Uid and Gid lines of proc_pid_status(5) give them.</summary>
public readonly record struct IdSet(uint Real, uint Effective, uint Saved, uint FileSystem);

/// <summary>
/// /proc/PID/status or /proc/PID/task/TID/status (proc_pid_status(5); proc_pid_status in fs/proc/array.c), the lines
/// that a checkpoint needs. User and group ids are those of the reader's user namespace; an id without a number there
/// is 65534. Lines that this kernel does not print keep the value named at the property.
/// </summary>
public sealed class ProcStatus
{
    /// <summary>Bytes that one takes, about: its fields, four or five short arrays.</summary>
    internal const int ApproximateSize = 700;

    private ProcStatus()
    {
    }

    public int Tgid { get; private set; }
    public int Pid { get; private set; }
    public int ParentPid { get; private set; }
    /// <summary>Pid of the tracer, 0 for none (or one that this pid namespace does not see).</summary>
    public int TracerPid { get; private set; }
    /// <summary>File mode creation mask, -1 for a task without a file-system context (a zombie).</summary>
    public int Umask { get; private set; } = -1;
    public IdSet Uid { get; private set; }
    public IdSet Gid { get; private set; }
    /// <summary>Supplementary groups, ascending.</summary>
    public uint[] Groups { get; private set; } = [];
    /// <summary>The process's ids from the reader's pid namespace down to its own.</summary>
    public int[] NamespaceTgids { get; private set; } = [];
    /// <summary>The task's ids from the reader's pid namespace down to its own.</summary>
    public int[] NamespacePids { get; private set; } = [];
    public int[] NamespaceProcessGroups { get; private set; } = [];
    public int[] NamespaceSessions { get; private set; } = [];
    public bool IsKernelThread { get; private set; }
    /// <summary>Address space in bytes; 0 where there is none.</summary>
    public ulong VirtualSize { get; private set; }
    /// <summary>Resident memory in bytes, inexact.</summary>
    public ulong ResidentSize { get; private set; }
    /// <summary>Memory locked by mlock(2) in bytes.</summary>
    public ulong LockedSize { get; private set; }
    public ulong SwappedSize { get; private set; }
    /// <summary>False after prctl(PR_SET_THP_DISABLE) (or without huge pages); null where the kernel does not say.</summary>
    public bool? TransparentHugePages { get; private set; }
    public bool CoreDumping { get; private set; }
    public int ThreadCount { get; private set; }
    /// <summary>Signals queued for the real user, and the limit of it.</summary>
    public ulong QueuedSignals { get; private set; }
    public ulong QueuedSignalLimit { get; private set; }
    /// <summary>Signals pending for this task; bit n-1 is signal n, here and below.</summary>
    public ulong PendingSignals { get; private set; }
    /// <summary>Signals pending for the process as a whole.</summary>
    public ulong SharedPendingSignals { get; private set; }
    public ulong BlockedSignals { get; private set; }
    public ulong IgnoredSignals { get; private set; }
    public ulong CaughtSignals { get; private set; }
    /// <summary>Capability sets; bit n is capability n of capabilities(7).</summary>
    public ulong InheritableCapabilities { get; private set; }
    public ulong PermittedCapabilities { get; private set; }
    public ulong EffectiveCapabilities { get; private set; }
    public ulong BoundingCapabilities { get; private set; }
    public ulong AmbientCapabilities { get; private set; }
    public bool NoNewPrivileges { get; private set; }
    /// <summary>0 none, 1 strict, 2 filter.</summary>
    public int SeccompMode { get; private set; }
    /// <summary>Number of seccomp filters; 0 where the kernel does not say (before 5.9).</summary>
    public int SeccompFilterCount { get; private set; }
    /// <summary>Processors it may run on as the kernel prints them ("0-3,7").</summary>
    public string AllowedCpus { get; private set; } = "";
    /// <summary>Memory nodes it may allocate from, in the same form.</summary>
    public string AllowedMemoryNodes { get; private set; } = "";
    /// <summary>Features of the shadow stack ("shstk wrss"), empty where none is used.</summary>
    public string ShadowStackFeatures { get; private set; } = "";

    /// <summary>Reads a task's status; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, out ProcStatus status)
    {
        if (reader.Facts is { } known && known.TryGetStatus(dir, out status!))
            return true;
        status = null!;
        if (!reader.TryRead(dir, "status"u8, out var text))
            return false;
        status = Parse(text) ?? throw KernelError.BadText($"{dir}/status", dir.Task);
        reader.Facts?.Add(dir, status);
        return true;
    }

    /// <summary>Parses the text of a status file; null where a line is not as the manual page says.</summary>
    public static ProcStatus? Parse(ReadOnlySpan<byte> text)
    {
        var status = new ProcStatus();
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            // The name's line feeds are escaped, so every line is "Key:" and its value.
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                return null;
            var value = new TextCursor(line[(colon + 1)..]);
            status.Take(line[..colon], ref value);
            if (value.Failed)
                return null;
        }
        return status.Pid == 0 ? null : status;
    }

    private void Take(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        if (key.StartsWith("Vm"u8))
            TakeMemory(key[2..], ref value);
        else if (key.StartsWith("Sig"u8) || key.SequenceEqual("ShdPnd"u8))
            TakeSignals(key, ref value);
        else if (key.StartsWith("Cap"u8))
            TakeCapabilities(key[3..], ref value);
        else if (key.StartsWith("NS"u8))
            TakeNamespaceIds(key[2..], ref value);
        else
            TakeRest(key, ref value);
    }

    private void TakeMemory(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        // Printed in KiB: SEQ_PUT_DEC in fs/proc/task_mmu.c.
        if (key.SequenceEqual("Size"u8))
            VirtualSize = value.Unsigned() * 1024;
        else if (key.SequenceEqual("RSS"u8))
            ResidentSize = value.Unsigned() * 1024;
        else if (key.SequenceEqual("Lck"u8))
            LockedSize = value.Unsigned() * 1024;
        else if (key.SequenceEqual("Swap"u8))
            SwappedSize = value.Unsigned() * 1024;
    }

    private void TakeSignals(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        if (key.SequenceEqual("SigQ"u8))
        {
            QueuedSignals = value.Unsigned();
            value.Expect((byte)'/');
            QueuedSignalLimit = value.Unsigned();
        }
        else if (key.SequenceEqual("SigPnd"u8))
            PendingSignals = value.Hex();
        else if (key.SequenceEqual("ShdPnd"u8))
            SharedPendingSignals = value.Hex();
        else if (key.SequenceEqual("SigBlk"u8))
            BlockedSignals = value.Hex();
        else if (key.SequenceEqual("SigIgn"u8))
            IgnoredSignals = value.Hex();
        else if (key.SequenceEqual("SigCgt"u8))
            CaughtSignals = value.Hex();
    }

    private void TakeCapabilities(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        var set = value.Hex();
        if (key.SequenceEqual("Inh"u8))
            InheritableCapabilities = set;
        else if (key.SequenceEqual("Prm"u8))
            PermittedCapabilities = set;
        else if (key.SequenceEqual("Eff"u8))
            EffectiveCapabilities = set;
        else if (key.SequenceEqual("Bnd"u8))
            BoundingCapabilities = set;
        else if (key.SequenceEqual("Amb"u8))
            AmbientCapabilities = set;
    }

    private void TakeNamespaceIds(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        if (key.SequenceEqual("tgid"u8))
            NamespaceTgids = Ids(ref value);
        else if (key.SequenceEqual("pid"u8))
            NamespacePids = Ids(ref value);
        else if (key.SequenceEqual("pgid"u8))
            NamespaceProcessGroups = Ids(ref value);
        else if (key.SequenceEqual("sid"u8))
            NamespaceSessions = Ids(ref value);
    }

    private void TakeRest(ReadOnlySpan<byte> key, ref TextCursor value)
    {
        if (key.SequenceEqual("Tgid"u8))
            Tgid = value.Int32();
        else if (key.SequenceEqual("Pid"u8))
            Pid = value.Int32();
        else if (key.SequenceEqual("PPid"u8))
            ParentPid = value.Int32();
        else if (key.SequenceEqual("TracerPid"u8))
            TracerPid = value.Int32();
        else if (key.SequenceEqual("Umask"u8))
            Umask = (int)value.Octal();
        else if (key.SequenceEqual("Uid"u8))
            Uid = new IdSet(value.UInt32(), value.UInt32(), value.UInt32(), value.UInt32());
        else if (key.SequenceEqual("Gid"u8))
            Gid = new IdSet(value.UInt32(), value.UInt32(), value.UInt32(), value.UInt32());
        else if (key.SequenceEqual("Groups"u8))
            Groups = Array.ConvertAll(Ids(ref value), id => unchecked((uint)id));
        else if (key.SequenceEqual("Kthread"u8))
            IsKernelThread = value.Int32() != 0;
        else if (key.SequenceEqual("THP_enabled"u8))
            TransparentHugePages = value.Int32() != 0;
        else if (key.SequenceEqual("CoreDumping"u8))
            CoreDumping = value.Int32() != 0;
        else if (key.SequenceEqual("Threads"u8))
            ThreadCount = value.Int32();
        else if (key.SequenceEqual("NoNewPrivs"u8))
            NoNewPrivileges = value.Int32() != 0;
        else if (key.SequenceEqual("Seccomp"u8))
            SeccompMode = value.Int32();
        else if (key.SequenceEqual("Seccomp_filters"u8))
            SeccompFilterCount = value.Int32();
        else if (key.SequenceEqual("Cpus_allowed_list"u8))
            AllowedCpus = LinuxText.Decode(value.Word());
        else if (key.SequenceEqual("Mems_allowed_list"u8))
            AllowedMemoryNodes = LinuxText.Decode(value.Word());
        else if (key.SequenceEqual("x86_Thread_features"u8))
            ShadowStackFeatures = LinuxText.Decode(value.Rest.Trim("\t "u8));
    }

    private static int[] Ids(ref TextCursor value)
    {
        value.SkipBlanks();
        if (value.AtEnd)
            return [];
        // As many as groups can be, but nearly always a few: count first.
        var count = 0;
        for (var copy = value; !copy.AtEnd; copy.SkipBlanks())
        {
            copy.Word();
            count++;
        }
        var ids = new int[count];
        for (var i = 0; i < count; i++)
            ids[i] = value.Int32();
        return ids;
    }
}
