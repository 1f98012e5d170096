using CrCore.Image;
using CrCore.Objects.Credentials;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;

namespace CrModule;

/// <summary>What a saved task was doing.</summary>
public enum CrTaskState
{
    /// <summary>On a processor, or ready for one.</summary>
    Running,
    /// <summary>In a call that a signal ends.</summary>
    Sleeping,
    /// <summary>In a sleep that signals do not end.</summary>
    Uninterruptible,
    /// <summary>Stopped by job control.</summary>
    Stopped,
    /// <summary>Stopped by a debugger.</summary>
    Traced,
    /// <summary>Ended; its parent has not waited for it yet.</summary>
    Zombie,
    /// <summary>Ended and waited for.</summary>
    Dead,
}

/// <summary>A task in an image.</summary>
public sealed class CrImageTask
{
    private readonly TreeBranch _branch;

    internal CrImageTask(string path, TaskImage task, TreeBranch branch)
    {
        var record = task.Task;
        _branch = branch;
        Path = path;
        VPid = task.VPid;
        ParentVPid = task.ParentVPid;
        VPgid = record.VPgid;
        VSid = record.VSid;
        Comm = task.Comm;
        State = StateOf(record);
        ChildrenCount = record.ChildrenCount;
        ThreadCount = task.Threads.Count;
        if (task.Get<MmRecord>() is { } mm)
            ExePath = mm.ExePath;
        WorkingDirectory = task.Get<FsRecord>()?.WorkingDirectory;
        if (task.Threads.Count > 0 && task.Threads[0].Get<CredentialsRecord>() is { } credentials)
            (Uid, Gid) = (credentials.Uid.Effective, credentials.Gid.Effective);
        foreach (var vma in task.All<VmaRecord>())
        {
            MappingCount++;
            MappedLength += (long)vma.Length;
        }
        if (!record.IsEnded)
        {
            StopSignal = record.IsStopped && record.ExitCode != 0 ? SignalName.Of((int)record.ExitCode) : null;
            return;
        }
        var end = WaitStatus.Of(unchecked((int)record.ExitCode));
        (ExitStatus, ExitSignal, CoreDumped) = (end.ExitStatus, end.ExitSignal, end.CoreDumped);
    }

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The parent's; 0 for the root.</summary>
    public int ParentVPid { get; }

    /// <summary>Process group; 0 where it was outside the tree's pid namespace.</summary>
    public int VPgid { get; }

    /// <summary>Session; 0 where it was outside the tree's pid namespace.</summary>
    public int VSid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>What it was doing.</summary>
    public CrTaskState State { get; }

    /// <summary>The status that an ended task exited with, 0 to 255; null for the living and for those that a signal ended.</summary>
    public int? ExitStatus { get; }

    /// <summary>The signal that ended the task, as SIGKILL; else null.</summary>
    public string? ExitSignal { get; }

    /// <summary>Whether its end left a core dump.</summary>
    public bool CoreDumped { get; }

    /// <summary>The signal that stopped a stopped task, as long as its parent has taken no note of that (WUNTRACED of wait(2)); else null.</summary>
    public string? StopSignal { get; }

    /// <summary>Children, ended ones included.</summary>
    public int ChildrenCount { get; }

    /// <summary>0 for a task that has ended.</summary>
    public int ThreadCount { get; }

    /// <summary>The program; null for a task that has ended.</summary>
    public string? ExePath { get; }

    /// <summary>Its working directory, in the tree's own mount namespace; null for an ended task.</summary>
    public string? WorkingDirectory { get; }

    /// <summary>The effective user of its first thread, as a number of the tree's user namespace.</summary>
    public uint? Uid { get; }

    /// <summary>The effective group of its first thread, as a number of the tree's user namespace.</summary>
    public uint? Gid { get; }

    /// <summary>Mappings of its address space.</summary>
    public int MappingCount { get; }

    /// <summary>Bytes of addresses in use, reservations included.</summary>
    public long MappedLength { get; }

    /// <summary>Generations below the root: 0 for the root.</summary>
    public int Depth => _branch.Depth;

    /// <summary>The lines that lead to the task where the tree is drawn.</summary>
    public string Branch => _branch.ToString();

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => $"{VPid} ({Comm})";

    private static CrTaskState StateOf(TaskRecord record) => record.ExitState switch
    {
        TaskRecord.ExitZombie => CrTaskState.Zombie,
        not 0 => CrTaskState.Dead,
        _ => record.State switch
        {
            TaskRecord.StateInterruptible => CrTaskState.Sleeping,
            TaskRecord.StateUninterruptible => CrTaskState.Uninterruptible,
            TaskRecord.StateStopped => CrTaskState.Stopped,
            TaskRecord.StateTraced => CrTaskState.Traced,
            _ => CrTaskState.Running,
        },
    };
}
