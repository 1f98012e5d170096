using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>What kinds of descriptions share while the tree's descriptors are captured, tasks frozen.</summary>
internal sealed class DescriptorCapture(CaptureContext context) : IDisposable
{
    private PidFd? _task;
    private int _taskPid;
    private Dictionary<int, int>? _vpids;
    private readonly List<OwnDescriptor> _held = [];
    private List<Descriptor>? _all;
    private readonly Queue<(Descriptor, uint)> _heldDue = [];

    private readonly Dictionary<int, List<(Descriptor Descriptor, uint Description)>> _captured = [];

    public CaptureContext Context => context;

    /// <summary>The descriptors of a task whose table was written with it, for what hangs on them; none where the table stood before.</summary>
    public IReadOnlyList<(Descriptor Descriptor, uint Description)> CapturedOf(FrozenTask task) => _captured.TryGetValue(task.Pid, out var list) ? list : [];

    internal void Captured(Descriptor d, uint description)
    {
        if (!_captured.TryGetValue(d.Pid, out var list))
            _captured.Add(d.Pid, list = []);
        list.Add((d, description));
    }

    public CheckpointOptions Options => context.Options;

    public DescriptionIndex Descriptions { get; } = new(context.Shared);

    public TaskSharingIndex Tables { get; } = new(context.Shared, KcmpType.Files);

    /// <summary>References for objects behind descriptions (a pipe behind its ends).</summary>
    public SharedObjects Shared => context.Shared;

    /// <summary>A descriptor of this process onto the same description: to ask, never to read from or move.</summary>
    /// <exception cref="CrKernelException">The descriptor is gone, or was opened with O_PATH.</exception>
    public OwnDescriptor Borrow(Descriptor d)
    {
        if (_task is null || _taskPid != d.Pid)
        {
            _task?.Dispose();
            _task = PidFd.Open(d.Pid);
            _taskPid = d.Pid;
        }
        return _task.TryGet(d.Fd, out var errno)
            ?? throw new CrKernelException("CrDescriptorUnreachable", $"Task {d.Pid}: getting {d.Label}", errno, "Run as the owner of the process or with CAP_SYS_PTRACE.") { Pid = d.Pid, Object = d.Label };
    }

    /// <summary>
    /// A description of this process's own on the same object, with an offset of its own.
    /// </summary>
    public static OwnDescriptor Reopen(Descriptor d, uint flags)
        => OwnDescriptor.Open($"/proc/{d.Pid}/fd/{d.Fd}", (int)flags, out var errno)
            ?? throw new CrKernelException("CrDescriptorUnreachable", $"Task {d.Pid}: opening {d.Label} to read it", errno, "Run as the owner of the process or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.") { Pid = d.Pid, Object = d.Label };

    /// <summary>A number of a task or thread as this process sees it, as the tree sees it; 0 when it is not of the tree.</summary>
    public int ToVPid(int pid)
    {
        if (_vpids is null)
        {
            _vpids = [];
            foreach (var task in context.Tasks)
            {
                _vpids[task.Pid] = task.VPid;
                foreach (var thread in task.Threads)
                    _vpids[thread.Tid] = thread.VTid;
            }
        }
        return _vpids.GetValueOrDefault(pid);
    }

    /// <summary>All descriptors of the tree.</summary>
    public IReadOnlyList<Descriptor> All => _all ??= [.. context.Tasks.Where(t => !t.IsZombie).SelectMany(t => context.States.Get<KnownDescriptors>().Of(context.Proc, t.Pid))];

    /// <summary>All descriptors in flight.</summary>
    public HeldDescriptors InFlight => context.States.Get(() => HeldDescriptors.Find(All));

    /// <summary>
    /// The reference of a description that this process holds and that may have no descriptor in the tree. At its first sight
    /// it is kept open until the capture ends, so that it can be told apart, and written behind the carrier's table.
    /// </summary>
    public uint Hold(OwnDescriptor own, Descriptor carrier)
    {
        var d = DescriptorReader.ReadHeld(own, carrier.TaskPid);
        var objRef = Descriptions.Reference(d, out var first);
        if (!first)
        {
            own.Dispose();
            return objRef;
        }
        _held.Add(own);
        _heldDue.Enqueue((d, objRef));
        return objRef;
    }

    /// <summary>The reference of a description in flight (<see cref="InFlight"/>); at its first sight it is written, too.</summary>
    public uint Refer(Descriptor held)
    {
        var objRef = Descriptions.Reference(held, out var first);
        if (first)
            _heldDue.Enqueue((held, objRef));
        return objRef;
    }

    internal bool TryTakeHeld(out Descriptor held, out uint description)
    {
        var found = _heldDue.TryDequeue(out var due);
        (held, description) = due;
        return found;
    }

    public void Warn(Descriptor d, string id, string reason, string? advice = null)
        => context.Warnings.Add(new(id, CrErrorKind.Obstacle, ObstacleSeverity.Warning, d.TaskPid, CommOf(d.TaskPid), d.Label, reason, advice));

    private string CommOf(int pid)
    {
        foreach (var task in context.Tasks)
            if (task.Pid == pid)
                return task.Comm;
        return "";
    }

    public void Dispose()
    {
        _task?.Dispose();
        foreach (var own in _held)
            own.Dispose();
    }
}
