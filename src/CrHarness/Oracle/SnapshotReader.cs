using CrHarness.Spawning;

namespace CrHarness.Oracle;

/// <summary>What the readers of one snapshot share: who is who, and canonical numbers for objects without names.</summary>
internal sealed class SnapshotContext
{
    private readonly Dictionary<int, int> _byHostPid = [];
    private readonly Dictionary<string, int> _objects = [];

    public SnapshotContext(List<TaskIdentity> tasks, SnapshotOptions options)
    {
        Options = options;
        Root = tasks[0];
        foreach (var task in tasks)
            _byHostPid[task.Pid] = task.VPid;
        Snapshot = new Snapshot([.. tasks.OrderBy(t => t.VPid)]);
        var stat = ProcStat.TryRead($"/proc/{Root.Pid}/stat") ?? throw Gone(Root.Pid);
        OutsideGroup = _byHostPid.ContainsKey(stat.Group) ? -1 : stat.Group;
        OutsideSession = _byHostPid.ContainsKey(stat.Session) ? -1 : stat.Session;
    }

    /// <summary>What the tables of network namespaces say of Unix sockets, by inode.</summary>
    public Dictionary<string, string> UnixSockets { get; } = [];

    public Snapshot Snapshot { get; }

    public SnapshotOptions Options { get; }

    public TaskIdentity Root { get; }

    public int OutsideGroup { get; }

    public int OutsideSession { get; }

    public FileIdentities Files { get; } = new();

    /// <summary>Where the calls that threads are blocked in write their remaining time when they are interrupted.</summary>
    public List<VolatileRange> Written { get; } = [];

    /// <summary>The frames of each task's private pages that hold data, by address.</summary>
    public Dictionary<int, Dictionary<ulong, ulong>> Frames { get; } = [];

    /// <summary>Contents of shared objects that were read already.</summary>
    public HashSet<string> SeenObjects { get; } = [];

    /// <summary>A pid as the tree sees it: a task of it, or what else it is.</summary>
    public const string Outside = "outside";

    public string Pid(int hostPid) => hostPid == 0 ? "none" : _byHostPid.TryGetValue(hostPid, out var vpid) ? $"task {vpid}" : Outside;

    /// <summary>A group or session: led by a task, by one that is outside as the root's is, or by one that died.</summary>
    public string Led(int hostId, int ownId, int outside)
        => _byHostPid.TryGetValue(hostId, out var vpid) ? $"task {vpid}" : hostId == outside || ProcText.Exists(hostId) ? Outside : $"{ownId}, whose leader is gone";

    /// <summary>The canonical number of an object: the order in which the snapshot came upon it.</summary>
    public string Number(string key) => "#" + (_objects.TryGetValue(key, out var number) ? number : _objects[key] = _objects.Count);

    public static SpawnException Gone(int pid) => new($"Process {pid} went away while it was looked at.");
}

/// <summary>Takes a snapshot: task after task in the order of their pids, each by all readers.</summary>
internal static class SnapshotReader
{
    public static Snapshot Read(int rootPid, SnapshotOptions options)
    {
        var tasks = new List<TaskIdentity>();
        foreach (var pid in ProcTree.Walk(rootPid))
        {
            var stat = ProcStat.TryRead($"/proc/{pid}/stat") ?? throw SnapshotContext.Gone(pid);
            var status = ProcStatus.TryRead($"/proc/{pid}/status") ?? throw SnapshotContext.Gone(pid);
            tasks.Add(new TaskIdentity(pid, status.VPid, stat.State, stat.Comm));
        }
        var context = new SnapshotContext(tasks, options);
        foreach (var task in context.Snapshot.Tasks)
        {
            var subject = $"task {task.VPid}";
            TaskFacts.Read(context, task, subject);
            if (task.State == 'Z')
                continue;
            ThreadFacts.Read(context, task, subject);
            FileFacts.Read(context, task, subject);
            MapFacts.Read(context, task, subject);
        }
        MapFacts.AddSharing(context);
        IpcFacts.Read(context);
        return context.Snapshot;
    }
}
