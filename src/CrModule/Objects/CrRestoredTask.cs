using CrCore;

namespace CrModule;

/// <summary>One task that a restore brought back.</summary>
/// <remarks>
/// Its name is called Comm, not Name: Wait-Process and Debug-Process bind Name before Id, and would act on every
/// process of that name.
/// </remarks>
public sealed class CrRestoredTask
{
    internal CrRestoredTask(RestoredTask task)
    {
        Id = task.Pid;
        VPid = task.VPid;
        ParentVPid = task.ParentVPid;
        Comm = task.Comm;
        State = task.State;
        ThreadCount = task.ThreadCount;
    }

    /// <summary>Process id as this shell sees it.</summary>
    public int Id { get; }

    /// <summary>Process id as the tree itself sees it: the saved one.</summary>
    public int VPid { get; }

    /// <summary>Process id of its parent as the tree itself sees it; 0 for none in the tree.</summary>
    public int ParentVPid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>A letter of proc_pid_stat(5).</summary>
    public char State { get; }

    /// <summary>Its threads.</summary>
    public int ThreadCount { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Comm})";
}
