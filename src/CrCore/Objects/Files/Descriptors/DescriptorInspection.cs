using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>What kinds of descriptions share in the preflight of a checkpoint.</summary>
internal sealed class DescriptorInspection(InspectContext context)
{
    private readonly KnownDescriptors _known = context.States.Get<KnownDescriptors>();
    private HeldDescriptors? _held;
    private HolderIndex? _outside;
    private HashSet<string>? _names;

    public InspectContext Context => context;

    public CheckpointOptions Options => context.Options;

    /// <summary>The task's descriptors, read once.</summary>
    public IReadOnlyList<Descriptor> Of(LiveTask task) => task.IsZombie ? [] : _known.Of(context.Proc, task.Pid);

    /// <summary>All descriptors of the tree.</summary>
    public IEnumerable<Descriptor> All
    {
        get
        {
            foreach (var task in context.Tasks.Values)
                foreach (var d in Of(task))
                    yield return d;
        }
    }

    /// <summary>
    /// Descriptors in flight, in messages that nobody has read, this process being their holder meanwhile. They can only be
    /// looked for when nothing moves: before the freeze there are none.
    /// </summary>
    public HeldDescriptors Held => _held ??= context.IsFrozen ? context.States.Get(() => HeldDescriptors.Find(All)) : HeldDescriptors.None;

    /// <summary>Something may be in flight that is not known before the freeze.</summary>
    public bool MayBeInFlight => !context.IsFrozen && All.Any(d => d.Detail("scm_fds") is not (null or "0"));

    /// <summary>
    /// The processes outside of the tree that hold an object of this name (<c>pipe:[4711]</c>, a terminal's path, …).
    /// The first call looks through all of /proc.
    /// </summary>
    public HolderIndex Outside => _outside ??= FindHolders(Names);

    /// <summary>The same of other names.</summary>
    public HolderIndex FindHolders(HashSet<string> names) => HolderIndex.Build(context.Proc, IsOfTree, names.Contains, Held.Has, _known);

    // The tree still runs: what it has forked since it was listed is no stranger to it.
    /// <summary>Whether a process is of the tree, or was born to it since the look began.</summary>
    public bool IsOfTree(int pid)
    {
        while (pid > 1 && !context.Tasks.ContainsKey(pid))
            pid = ProcStat.TryRead(context.Proc, pid, out var stat) ? stat.ParentPid : 0;
        return pid > 1;
    }

    private HashSet<string> Names
    {
        get
        {
            if (_names is null)
            {
                _names = [];
                foreach (var d in All.Concat(Held.All))
                    if ((!d.Status.IsRegular && !d.Status.IsDirectory) || (d.Status.IsRegular && d.Place == NamePlace.Deleted))
                        _names.Add(d.LinkText);
            }
            return _names;
        }
    }

    public void Refuse(Descriptor d, string id, string reason, string? advice = null)
        => context.Refuse(context.Tasks[d.TaskPid], id, d.Label, reason, advice);

    /// <summary>Of what the program does away with by itself, as a rule a moment later.</summary>
    public void RefuseForNow(Descriptor d, string id, string reason, string? advice = null)
        => context.RefuseForNow(context.Tasks[d.TaskPid], id, d.Label, reason, advice);

    public void Warn(Descriptor d, string id, string reason, string? advice = null)
        => context.Warn(context.Tasks[d.TaskPid], id, d.Label, reason, advice);
}
