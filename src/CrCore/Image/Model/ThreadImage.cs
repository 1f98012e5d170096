namespace CrCore.Image;

/// <summary>A thread of a saved task, with its records in the image's order.</summary>
public sealed class ThreadImage : RecordHolder
{
    private readonly List<ICrRecord> _records;

    internal ThreadImage(ThreadRecord thread, TaskImage task, List<ICrRecord> records) => (Thread, Task, _records) = (thread, task, records);

    /// <summary>Its THREAD record.</summary>
    public ThreadRecord Thread { get; }

    /// <summary>The task whose thread it is.</summary>
    public TaskImage Task { get; }

    /// <summary>The thread's id as seen from the root's pid namespace.</summary>
    public int VTid => Thread.VTid;

    /// <summary>The task's first thread, whose id is the task's.</summary>
    public bool IsLeader => Thread.VTid == Task.VPid;

    /// <summary>The thread's own records: registers, signal mask, credentials and so on.</summary>
    public override IReadOnlyList<ICrRecord> Records => _records;
}
