using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;

namespace CrCore.Objects.UserFaults;

/// <summary>What a userfaultfd is of.</summary>
internal sealed class LiveUserFault
{
    /// <summary>The task whose memory it is of; 0 while it is not known: it handles nothing.</summary>
    public int Pid { get; set; }

    public List<HandledRange> Ranges { get; } = [];

    /// <summary>Why it cannot be told, or null.</summary>
    public string? Refusal { get; init; }
}

/// <summary>
/// Of which task's memory a userfaultfd is, and which ranges it handles. The kernel shows neither; both are found by requests that
/// cannot succeed, or change nothing. The tree stands still.
/// </summary>
internal sealed class UserFaultSearch
{
    private readonly Dictionary<ulong, LiveUserFault> _byInode = [];
    private List<(int Pid, List<HandledRange> Ranges)>? _registered;

    /// <summary>Those that handle nothing, with the tasks that have them.</summary>
    public List<(int Pid, int Fd, LiveUserFault What)> Idle { get; } = [];

    /// <summary>What was found in the inspection.</summary>
    public LiveUserFault? Found(Descriptor d) => _byInode.GetValueOrDefault(d.Status.Inode);

    /// <summary>Each has an inode of its own (new_userfaultfd in fs/userfaultfd.c).</summary>
    public LiveUserFault Find(InspectContext context, Descriptor d)
    {
        if (!_byInode.TryGetValue(d.Status.Inode, out var found))
            _byInode.Add(d.Status.Inode, found = Look(context, d));
        if (found is { Pid: 0, Refusal: null } && !d.IsHeld)
            Idle.Add((d.Pid, d.Fd, found));
        return found;
    }

    private LiveUserFault Look(InspectContext context, Descriptor d)
    {
        using var holder = PidFd.Open(d.Pid);
        using var own = holder.TryGet(d.Fd, out var errno);
        if (own is null)
            return new() { Refusal = $"it cannot be reached: {errno} ({errno.Describe()})" };
        _registered ??= Registered(context);
        var of = new List<(int Pid, List<HandledRange> Ranges)>();
        foreach (var task in _registered)
            if (task.Ranges.TrueForAll(r => IsOfMemoryWith(own, r)))
                of.Add(task);
        if (of.Count == 0)
            return new();
        if (of.Count > 1)
            return new() { Refusal = $"it may be of the memory of task {of[0].Pid} or of task {of[1].Pid}, which handle page faults at the same addresses" };
        var found = new LiveUserFault { Pid = of[0].Pid };
        foreach (var range in of[0].Ranges)
            // What it has in this mode already stays as it is; another's is EBUSY (userfaultfd_register).
            if (UserFaultFd.Control(own, UffdRegister.Request, new UffdRegister { Start = range.Start, Length = range.End - range.Start, Mode = range.Mode }) == Errno.None)
            {
                found.Ranges.Add(range);
                context.States.Get<HandledFaults>().Add(found.Pid, range.Start);
            }
        return found;
    }

    /// <summary>
    /// To go on with a page of the page cache cannot be asked for in private memory: EINVAL. But first, in memory where nobody has
    /// registered the range: ENOENT (mfill_atomic in mm/userfaultfd.c).
    /// </summary>
    private static bool IsOfMemoryWith(OwnDescriptor own, in HandledRange range)
        => UserFaultFd.Control(own, UffdContinue.Request, new UffdContinue { Start = range.Start, Length = Image.ImageFormat.PageSize }) == Errno.EINVAL;

    private static List<(int, List<HandledRange>)> Registered(InspectContext context)
    {
        var all = new List<(int, List<HandledRange>)>();
        var mappings = new List<DetailedMapping>();
        foreach (var task in context.Tasks.Values)
        {
            mappings.Clear();
            if (task.IsZombie || !ProcSmaps.TryRead(context.Proc, task.Pid, mappings))
                continue;
            var ranges = new List<HandledRange>();
            foreach (var d in mappings)
                // Others are refused with the mapping.
                if ((d.Flags & HandledFaults.Flags) != 0 && HandledFaults.Refusal(d, isHandled: true) is null)
                    ranges.Add(new(d.Mapping.Start, d.Mapping.End,
                        ((d.Flags & VmFlags.UserFaultMissing) != 0 ? UffdRegister.Missing : 0) | ((d.Flags & VmFlags.UserFaultWriteProtect) != 0 ? UffdRegister.WriteProtect : 0)));
            if (ranges.Count > 0)
                all.Add((task.Pid, ranges));
        }
        return all;
    }
}
