namespace CrCore.Image;

/// <summary>
/// Builds the model from the records in their order and holds them to the rules of the tree. The depth of the tree
/// costs memory only: the way up is a stack of its own.
/// </summary>
internal sealed class ModelBuilder
{
    private readonly List<ICrRecord> _records = [];
    private readonly List<TaskImage> _tasks = [];
    private readonly Dictionary<int, TaskImage> _byVPid = [];
    private readonly HashSet<int> _numbers = [];
    private readonly Dictionary<uint, ISharedObject> _objects = [];
    private readonly Stack<(TaskImage Task, int ChildrenDue)> _path = new();
    private HeadRecord? _head;
    private HeadArchRecord? _arch;
    private TreeRecord? _tree;
    private TaskImage? _task;
    private List<ICrRecord>? _threadRecords;
    private bool _commDue;

    // Revision 3 does not count threads, and the seed passes over the array of pids.
    private bool IsRevision4 => _head!.Revision >= ImageFormat.Revision;

    public bool HasObject(uint objRef) => _objects.ContainsKey(objRef);

    public void Add(in ImageRecord record)
    {
        if (_commDue != record.Value is StringRecord)
            throw ImageError.Order(record.Offset, _commDue ? "a task's comm is due" : "a comm stands where none is due");
        switch (record.Value)
        {
            case HeadRecord head:
                _head = head;
                return;
            case HeadArchRecord arch:
                _arch = arch;
                return;
            case TreeRecord tree:
                _tree = tree;
                return;
            case TaskRecord task:
                StartTask(task, record.Offset);
                return;
            case StringRecord comm:
                SetComm(comm, record.Offset);
                return;
            case ThreadRecord thread:
                StartThread(thread, record.Offset);
                return;
            default:
                AddOther(record);
                return;
        }
    }

    /// <summary>The model, when the metadata ends at <paramref name="offset"/>.</summary>
    /// <param name="hash">As in the metadata's seal.</param>
    public ImageModel Finish(long offset, ulong hash)
    {
        EndTask(offset);
        if (_tree is null || _head is null || _arch is null)
            throw ImageError.Tree(offset, "the tree's record is missing");
        if (_path.TryPeek(out var open))
            throw ImageError.Tree(offset, $"{open.Task} has {open.Task.Task.ChildrenCount} children, {open.ChildrenDue} of them are missing");
        if (_tasks.Count != _tree.TaskCount)
            throw ImageError.Tree(offset, $"there are {_tasks.Count} tasks, the tree has {_tree.TaskCount}");
        return new ImageModel(_head, _arch, _tree, _records, _tasks, _byVPid, _objects, offset, hash);
    }

    private void StartTask(TaskRecord record, long offset)
    {
        EndTask(offset);
        if (_tasks.Count >= _tree!.TaskCount)
            throw ImageError.Tree(offset, $"there are more tasks than the {_tree.TaskCount} of the tree");
        if (_tasks.Count > 0 && _path.Count == 0)
            throw ImageError.Tree(offset, $"task {record.VPid} is nobody's child");
        var parent = _path.TryPeek(out var above) ? above.Task : null;
        _task = new TaskImage(record, _tasks.Count, offset, parent);
        if (!_numbers.Add(record.VPid))
            throw ImageError.Tree(offset, $"the pid {record.VPid} stands twice");
        if (IsRevision4)
            CheckPids(_tree.Pids[_tasks.Count], _task, offset);
        _byVPid.Add(record.VPid, _task);
        _tasks.Add(_task);
        if (parent is not null)
        {
            parent.Add(_task);
            _path.Push(_path.Pop() with { ChildrenDue = above.ChildrenDue - 1 });
        }
        _path.Push((_task, record.ChildrenCount));
        while (_path.TryPeek(out var top) && top.ChildrenDue == 0)
            _path.Pop();
        _threadRecords = null;
        _commDue = true;
    }

    private static void CheckPids(in TreePids pids, TaskImage task, long offset)
    {
        if (pids != new TreePids(task.VPid, task.VPid, task.ParentVPid))
            throw ImageError.Tree(offset, $"the tree's entry {task.Index} is {pids}, the task's pid is {task.VPid} and its parent's {task.ParentVPid}");
    }

    private void SetComm(StringRecord comm, long offset)
    {
        if (comm.Bytes.Length != _task!.Task.CommLength)
            throw ImageError.Tree(offset, $"the comm of task {_task.VPid} has {comm.Bytes.Length} bytes, {_task.Task.CommLength} are due");
        _task.Comm = comm.ToComm();
        _commDue = false;
    }

    private void StartThread(ThreadRecord thread, long offset)
    {
        if (_task is null || thread.VPid != _task.VPid)
            throw ImageError.Tree(offset, $"thread {thread.VTid} of task {thread.VPid} does not stand with its task");
        if (_task.Threads.Count == 0 && thread.VTid != _task.VPid && !_task.Task.IsEnded)
            throw ImageError.Tree(offset, $"the first thread of task {_task.VPid} is {thread.VTid}, not its leader");
        // Pids and tids are numbers of one namespace; a leader's tid is its task's pid.
        if (thread.VTid == _task.VPid ? _task.Threads.Count > 0 : !_numbers.Add(thread.VTid))
            throw ImageError.Tree(offset, $"the tid {thread.VTid} stands twice");
        _threadRecords = [];
        _task.Add(new ThreadImage(thread, _task, _threadRecords));
    }

    private void EndTask(long offset)
    {
        if (_commDue)
            throw ImageError.Order(offset, "a task's comm is due");
        if (_task is not null && IsRevision4 && _task.Threads.Count != _task.Task.ThreadCount)
            throw ImageError.Tree(offset, $"{_task} has {_task.Threads.Count} threads, {_task.Task.ThreadCount} are due");
    }

    private void AddOther(in ImageRecord record)
    {
        if (record.Value is ISharedObject shared)
        {
            if (shared.ObjRef == 0)
                throw ImageError.Objects(record.Offset, "an object has the reference 0");
            if (!_objects.TryAdd(shared.ObjRef, shared))
                throw ImageError.Objects(record.Offset, $"the object {shared.ObjRef} stands twice");
        }
        if (_threadRecords is not null)
            _threadRecords.Add(record.Value);
        else if (_task is not null)
            _task.Add(record.Value);
        else
            _records.Add(record.Value);
    }
}
