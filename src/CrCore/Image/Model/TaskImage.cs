namespace CrCore.Image;

/// <summary>A saved task: its record, its place in the tree, its own records and its threads.</summary>
public sealed class TaskImage : RecordHolder
{
    private readonly List<TaskImage> _children = [];
    private readonly List<ThreadImage> _threads = [];
    private readonly List<ICrRecord> _records = [];

    internal TaskImage(TaskRecord task, int index, long offset, TaskImage? parent)
        => (Task, Index, Offset, Parent) = (task, index, offset, parent);

    /// <summary>Its TASK record: state, ids, status.</summary>
    public TaskRecord Task { get; }

    /// <summary>Its number in the image's order, from 0.</summary>
    public int Index { get; }

    /// <summary>Of its TASK record in the image.</summary>
    public long Offset { get; }

    /// <summary>Null for the root.</summary>
    public TaskImage? Parent { get; internal set; }

    /// <summary>In the image's order.</summary>
    public IReadOnlyList<TaskImage> Children => _children;

    /// <summary>At most 15 bytes; a byte that is not UTF-8 as <see cref="LinuxText"/> has it.</summary>
    public string Comm { get; internal set; } = "";

    /// <summary>The pid as seen from the root's pid namespace.</summary>
    public int VPid => Task.VPid;

    /// <summary>The parent's vpid, or 0 for the root.</summary>
    public int ParentVPid => Parent?.VPid ?? 0;

    /// <summary>The records between comm and the first THREAD.</summary>
    public override IReadOnlyList<ICrRecord> Records => _records;

    /// <summary>The leader first. Empty for a task that has ended.</summary>
    public IReadOnlyList<ThreadImage> Threads => _threads;

    internal void Add(TaskImage child) => _children.Add(child);
    internal void Add(ThreadImage thread) => _threads.Add(thread);
    internal void Add(ICrRecord record) => _records.Add(record);

    /// <summary>Pid and name, as messages have them: "task 4711 (nginx)".</summary>
    public override string ToString() => $"task {VPid} ({Comm})";
}
