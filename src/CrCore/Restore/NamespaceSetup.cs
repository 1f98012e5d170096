using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>The first steps of a process in fresh namespaces, before anything else is made there.</summary>
internal static class NamespaceSetup
{
    private const int MsRec = 0x4000, MsPrivate = 1 << 18;

    /// <summary>A time namespace for all that a puppet makes from now on; it stays out of it itself.</summary>
    public static void MakeClocks(Puppet puppet, ClocksRecord clocks, ProcReader proc)
    {
        var batch = new SyscallBatch();
        batch.Must("make a time namespace", null, Sys.unshare, (long)NamespaceSet.Time);
        puppet.Run(batch);
        NamespaceClocks.Set(proc, puppet.Pid, clocks);
    }

    /// <summary>The same within the new user namespace, which owns it then; the puppet enters it.</summary>
    private static void EnterClocks(Puppet puppet, ClocksRecord clocks, ProcReader proc)
    {
        MakeClocks(puppet, clocks, proc);
        var batch = new SyscallBatch();
        var made = batch.Must("open the time namespace", null, Sys.openat, FileNative.AT_FDCWD, batch.Text("/proc/self/ns/time_for_children"), FileNative.O_RDONLY | FileNative.O_CLOEXEC, 0);
        batch.Must("enter the time namespace", null, Sys.setns, made, (long)NamespaceSet.Time);
        batch.Must("close the time namespace", null, Sys.close, made);
        puppet.Run(batch);
    }

    public static void EnterNew(Puppet puppet, NamespacePlan namespaces, ProcReader proc)
    {
        if (namespaces.Ids is { } ids)
            BecomeKnown(puppet, ids);
        if (namespaces.Clocks is { IsInside: true } clocks)
            EnterClocks(puppet, clocks, proc);
        if (!namespaces.NewMounts)
            return;
        var batch = new SyscallBatch();
        // Mounts made here must not spread to where this namespace came from (mount_namespaces(7)).
        batch.Must("make mounts private", "/", Sys.mount, batch.Text("none"), batch.Text("/"), 0, MsRec | MsPrivate, 0);
        foreach (var m in namespaces.Mounts)
            batch.Must("mount", $"{m.FileSystem} on {m.Point}", Sys.mount, batch.Text(m.Source), batch.Text(m.Point), batch.Text(m.FileSystem), m.Flags, m.Data.Length == 0 ? 0 : batch.Text(m.Data));
        puppet.Run(batch);
        if (!namespaces.Tree.IsEmpty)
            new MountTreeMaker(namespaces.Tree, puppet, MakerOf(namespaces.Ids)).Make();
    }

    /// <summary>See <see cref="MountedFilesMaker"/>.</summary>
    public static (uint User, uint Group)? MakerOf(IdMapsRecord? ids) => ids is { Users.Count: > 0, Groups.Count: > 0 } known ? (ProcIdMap.LeadingOutside(known.Users), ProcIdMap.LeadingOutside(known.Groups)) : null;

    /// <summary>
    /// Writes the maps of the puppet's new user namespace and makes the puppet one of its users, so that what it creates
    /// belongs to one. It keeps its capabilities: before, its ids were not root's in there (capabilities(7)).
    /// </summary>
    private static void BecomeKnown(Puppet puppet, IdMapsRecord ids)
    {
        // Without privilege it must be denied before gid_map; with it, "allow" is what a new namespace has anyway.
        if (!ids.AllowsSetGroups)
            Write(puppet.Pid, "setgroups", "deny");
        Write(puppet.Pid, "uid_map", ids.Users);
        Write(puppet.Pid, "gid_map", ids.Groups);
        if (ids.Users.Count == 0 || ids.Groups.Count == 0)
            return;
        long user = ProcIdMap.Leading(ids.Users), group = ProcIdMap.Leading(ids.Groups);
        var batch = new SyscallBatch();
        batch.Must("become group", group, Sys.setresgid, group, group, group);
        batch.Must("become user", user, Sys.setresuid, user, user, user);
        DumpableFlag.Regain(batch);
        puppet.Run(batch);
    }

    private static void Write(int pid, string file, IReadOnlyList<IdMapRange> ranges)
    {
        if (ranges.Count == 0)
            return;
        var text = new StringBuilder();
        foreach (var r in ranges)
            text.Append(r.Inside).Append(' ').Append(r.Outside).Append(' ').Append(r.Length).Append('\n');
        Write(pid, file, text.ToString());
    }

    private static void Write(int pid, string file, string text)
    {
        try
        {
            ProcWriter.SetUserNamespace(pid, file, text);
        }
        catch (CrKernelException e)
        {
            throw new CrKernelException("CrUserNamespaceFailed", $"Writing {text.TrimEnd('\n')} to /proc/{pid}/{file}", e.Errno!.Value,
                "User namespaces may be forbidden here (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor), or these ids are not this program's to map.");
        }
    }
}
