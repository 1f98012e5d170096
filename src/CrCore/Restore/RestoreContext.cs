using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>What restore shares between kinds.</summary>
public sealed class RestoreContext : IDisposable
{
    /// <summary>What the restore was asked to do.</summary>
    public required RestoreOptions Options { get; init; }

    /// <summary>All of the image but its pages.</summary>
    public required ImageModel Image { get; init; }

    /// <summary>Reads /proc; its buffers are this restore's own.</summary>
    public required ProcReader Proc { get; init; }

    /// <summary>All tasks in the image's order, the root first.</summary>
    public required IReadOnlyList<RestoringTask> Tasks { get; init; }

    /// <summary>The task that the tree hangs on.</summary>
    public RestoringTask Root => Tasks[0];

    /// <summary>The tree gets a user namespace of its own: what needs the initial one's rights cannot be kept.</summary>
    public required bool InUserNamespace { get; init; }

    /// <summary>The tree's pids are numbers of a namespace of its own.</summary>
    public required bool NewPidNamespace { get; init; }

    /// <summary>
    /// The puppets' page and arena, at the same free addresses in every task until its release. Right behind it lie
    /// the addresses reserved for what is inherited (MemoryLayout.StagingBytes).
    /// </summary>
    public required ulong PuppetStart { get; init; }

    /// <summary>First address after the arena.</summary>
    public required ulong PuppetEnd { get; init; }

    /// <summary>The ids of the tree's own user namespace; null where it gets none.</summary>
    internal Objects.Namespaces.IdMapsRecord? Ids { get; init; }

    /// <summary>
    /// Open file descriptions that exist already, as descriptors of the root's puppet (far above the numbers that the
    /// image uses), by object reference. Each task fetches its own from there (pidfd_getfd) and the rest is closed.
    /// </summary>
    public Dictionary<uint, int> ServedDescriptors { get; } = [];

    /// <summary>What kinds could not bring back exactly.</summary>
    public List<Obstacle> Warnings { get; } = [];

    /// <summary>
    /// Called when all is restored, right before the tasks run: for what the world outside notices (connections that go on).
    /// </summary>
    public List<Action> AtRelease { get; } = [];

    /// <summary>What kinds keep while the restore lasts.</summary>
    internal KindStates States { get; } = new();

    /// <summary>What the preflight has made and read for the restore, too (<see cref="CheckContext.Lasting"/>).</summary>
    internal KindStates Lasting { get; init; } = new();

    /// <inheritdoc/>
    public void Dispose() => States.Dispose();
}

/// <summary>What the preflight of a restore shares between kinds.</summary>
public sealed class CheckContext
{
    /// <summary>What the restore was asked to do.</summary>
    public required RestoreOptions Options { get; init; }

    /// <summary>All of the image but its pages.</summary>
    public required ImageModel Image { get; init; }

    /// <summary>Reads /proc; its buffers are this check's own.</summary>
    public required ProcReader Proc { get; init; }

    /// <summary>The namespaces that will be made.</summary>
    public required NamespacePlan Namespaces { get; init; }

    /// <summary>The tree gets a user namespace of its own: what needs the initial one's rights cannot be kept.</summary>
    public bool InUserNamespace => Namespaces.NewUser;

    /// <summary>
    /// Where a file of the tree is on this machine now, for a name without symbolic links that an image gives it, from the root of the tree's mount namespace;
    /// null for one in a file system that the restore makes.
    /// </summary>
    internal string? OnThisMachine(string path) => Namespaces.OnThisMachine(path);

    /// <summary>Pids that are taken may come free soon: the image came right from the checkpoint that ends the tree.</summary>
    internal bool AwaitsPids { get; init; }

    /// <summary>
    /// Starts the puppet that makes the root, or gives it: a process without any part in the tree, which ends with the preflight if that
    /// finds an obstacle. Null where nothing will be restored.
    /// </summary>
    internal Func<Puppet>? FirstPuppet { get; init; }

    /// <summary>What kinds have found so far; <see cref="Refuse"/> and <see cref="Warn"/> add to it.</summary>
    public List<Obstacle> Obstacles { get; } = [];

    /// <summary>Whether something was found that stops the restore.</summary>
    internal bool HasObstacle => Obstacles.Exists(o => o.Severity == ObstacleSeverity.Error);

    /// <summary>The same with a reader, states and obstacles of its own, which the caller adds to this one's.</summary>
    internal CheckContext ForAnotherThread() => new() { Options = Options, Image = Image, Proc = new ProcReader(), Namespaces = Namespaces };

    /// <summary>What kinds keep while the check lasts.</summary>
    internal KindStates States { get; } = new();

    /// <summary>What they keep for the restore, too: nothing that tells what was met so far, which begins anew there.</summary>
    internal KindStates Lasting { get; } = new();

    /// <summary>Adds an obstacle that stops the restore.</summary>
    public void Refuse(TaskImage? task, string id, string what, string reason, string? advice = null, CrErrorKind kind = CrErrorKind.Obstacle)
        => Obstacles.Add(new(id, kind, ObstacleSeverity.Error, task?.VPid ?? 0, task?.Comm ?? "", what, reason, advice));

    /// <summary>Adds a remark: something will not come back exactly.</summary>
    public void Warn(TaskImage? task, string id, string what, string reason, string? advice = null)
        => Obstacles.Add(new(id, CrErrorKind.Obstacle, ObstacleSeverity.Warning, task?.VPid ?? 0, task?.Comm ?? "", what, reason, advice));
}
