using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects;

/// <summary>User and group ids that the kernel told this program, as the tree's own user namespace has them.</summary>
internal sealed class TreeIds
{
    private readonly List<IdMapRange> _users = [], _groups = [];

    public static TreeIds Of(CaptureContext context) => context.States.Get(() => new TreeIds(context));

    private TreeIds(CaptureContext context)
    {
        // In this program's own namespace they are the same; what the maps show is then what its parent sees.
        if (ProcNamespaces.TryRead(context.Proc, context.Root.Pid, NamespaceKind.User, out var theirs)
            && ProcNamespaces.TryRead(context.Proc, Environment.ProcessId, NamespaceKind.User, out var own) && theirs == own)
            return;
        ProcIdMap.TryReadUsers(context.Proc, context.Root.Pid, _users);
        ProcIdMap.TryReadGroups(context.Proc, context.Root.Pid, _groups);
    }

    public uint User(uint id) => _users.Count == 0 ? id : ProcIdMap.ToInside(_users, id);

    public uint Group(uint id) => _groups.Count == 0 ? id : ProcIdMap.ToInside(_groups, id);
}
