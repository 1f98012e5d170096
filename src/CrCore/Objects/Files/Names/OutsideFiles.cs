using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Files that a tree with a user namespace of its own could not open from within: what opened them before it entered (the log of a
/// container, say) had other rights. This process opens them, and hands them over. Found by the preflight, kept for the restore.
/// </summary>
internal sealed class OutsideFiles
{
    private readonly Dictionary<uint, string> _paths = [];

    /// <summary>Whether the description's file is one of these.</summary>
    public bool Has(SavedDescription saved) => _paths.ContainsKey(saved.ObjRef);

    /// <summary>Looks at a file that this process may open.</summary>
    /// <param name="now">What it is now.</param>
    public static void Look(CheckContext context, SavedDescription saved, in FileStatus now)
    {
        if (!context.InUserNamespace || context.Namespaces.Ids is not { Users.Count: > 0, Groups.Count: > 0 } ids || context.OnThisMachine(saved.Name) is not { } path)
            return;
        var user = context.States.Get(() => new MappedUser(ids, context.Proc.Own?.Groups ?? []));
        if (user.MayReach(path) && user.May(now, (OpenFlags.CanRead(saved.Data.Flags) ? FileRights.Read : 0) | (OpenFlags.CanWrite(saved.Data.Flags) ? FileRights.Write : 0)))
            return;
        context.Lasting.Get<OutsideFiles>()._paths[saved.ObjRef] = path;
        context.Warn(saved.Task, "CrFileFromOutside", saved.Label, $"the tree's user namespace has no right to open {saved.Name}, so this program opens it, and hands it over, as it was open at the checkpoint");
    }

    /// <summary>Opens one of them as the description's number.</summary>
    public Action Open(DescriptorServer server, SavedDescription saved) => () =>
    {
        var path = _paths[saved.ObjRef];
        using (var own = OwnDescriptor.Open(path, (int)(OpenFlags.Reopening(saved.Data.Flags) | OpenFlags.CloseOnExec), out var errno)
            ?? throw new CrKernelException("CrFileMissing", $"{saved.Task}: opening {path}", errno) { Object = saved.Label })
            DescriptorHandover.Hand(server, own, server.NumberOf(saved), saved.Label);
        var batch = new SyscallBatch();
        server.Seek(saved, batch);
        server.Remote.Run(batch);
    };
}
