namespace CrCore.Image;

/// <summary>A thread of a saved task, with its records in the image's order.</summary>
public sealed class ThreadImage : RecordHolder
{
    private readonly List<ICrRecord> _records;

    internal ThreadImage(ThreadRecord thread, TaskImage task, List<ICrRecord> records) => (Thread, Task, _records) = (thread, task, records);

    public ThreadRecord Thread { get; }

    public TaskImage Task { get; }

    public int VTid => Thread.VTid;

    public bool IsLeader => Thread.VTid == Task.VPid;

    public override IReadOnlyList<ICrRecord> Records => _records;
}
