using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>Whether the saved namespaces can be made here, by this program.</summary>
internal static class NamespaceCheck
{
    private const int CapSetGid = 6, CapSetUid = 7;

    public static void Check(CheckContext context)
    {
        var root = context.Image.Root;
        if (root.Get<NamespacesRecord>() is { } saved && saved.Has(NamespaceSet.Time) && context.Namespaces.Clocks is null)
            context.Refuse(root, "CrTimeNamespace", "time namespace", "the tree had one of its own, and the image does not tell of its clocks", kind: CrErrorKind.NotSupported);
        foreach (var task in context.Image.Tasks)
            if (task.Get<ClocksRecord>() is not null || (task == root && context.Options.NewTimeNamespace))
                CheckClocks(context, task);
        if (context.Options.NewTimeNamespace && context.Namespaces.Clocks is null)
            context.Refuse(root, "CrTimeNamespace", "time namespace", "the image does not tell what the clocks showed", "Restore without a time namespace.");
        else if (context.Namespaces.Clocks is null && root.Get<MachineClocksRecord>()?.LagOf(Clocks.Now(NamespaceClocks.Monotonic)) is { } lag)
            context.Warn(root, "CrClockBehind", "CLOCK_MONOTONIC",
                $"this machine has started since the image was made, or is another one, and shows {Describe(lag)} less than the tree has seen: what it set to a time of this clock comes so much later",
                "Restore with a time namespace in which the clock goes on (-NewTimeNamespace).");
        foreach (var mount in root.All<MountRecord>())
            if (FileStatus.Read(mount.Point, out var point) != Errno.None || !point.IsDirectory)
                context.Refuse(root, "CrMountPoint", $"mount {mount.Point}", $"{mount.FileSystem} was mounted there, and here it is no directory", "Make the directory.");
        CheckTree(context, root, context.Namespaces.Tree, static path => path);
        ExternalMountCheck.Check(context, root, context.Namespaces.Tree);
        if (context.Namespaces.NewUser)
            CheckUserNamespace(context, root);
    }

    /// <param name="context">The check.</param>
    /// <param name="root">The task that the mounts are told of at.</param>
    /// <param name="tree">The mounts.</param>
    /// <param name="toMachine">Where the paths lead that they come from, on this machine; null for one that is made by the restore.</param>
    internal static void CheckTree(CheckContext context, TaskImage root, MountTree tree, Func<string, string?> toMachine)
    {
        if (tree.LacksProc && tree.OnThisMachine(PassingProc.Point) is { } proc && (FileStatus.Read(proc, out var status) != Errno.None || !status.IsDirectory))
            context.Refuse(root, "CrMountPoint", $"mount {PassingProc.Point}", $"a restore mounts proc there for the time that it takes, on {proc} of this machine, which is no directory here", "Make the directory.");
        for (var i = 0; i < tree.Mounts.Count; i++)
        {
            var mount = tree.Mounts[i];
            if (mount.Origin == MountOrigin.Kept)
                continue;
            if (mount.Origin == MountOrigin.Host && toMachine(mount.Source) is { } source)
                CheckSource(context, root, mount, source);
            // The first is the root itself; what is mounted in a new file system has its place there.
            if (i > 0 && tree.OnThisMachine(mount.Point, i) is { } theirs && toMachine(theirs) is { } here && (FileStatus.Read(here, out var point) != Errno.None || point.IsDirectory != mount.IsDirectory))
                context.Refuse(root, "CrMountPoint", $"mount {mount.Point}", $"{mount.FileSystem} was mounted there, on {here} of this machine, which is {(mount.IsDirectory ? "no directory" : "no file")} here", mount.IsDirectory ? "Make the directory." : "Make the file.");
        }
    }

    private static void CheckSource(CheckContext context, TaskImage root, TreeMountRecord mount, string source)
    {
        if (FileStatus.Read(source, out var status) is var errno && errno != Errno.None)
            context.Refuse(root, "CrMountSource", $"mount {mount.Point}", $"{source}, which was mounted there, is not to be found here: {errno} ({errno.Describe()})", "Put it there, or mount its file system.", CrErrorKind.NotFound);
        else if (status.IsDirectory != mount.IsDirectory)
            context.Refuse(root, "CrMountSource", $"mount {mount.Point}", $"{source}, which was mounted there, was {(mount.IsDirectory ? "a directory, and is none" : "no directory, and is one")} now", "Put the old one there.");
    }

    private static string Describe(TimeSpan lag) => lag.Days > 0 ? $"{lag.Days} days and {lag.Hours} hours"
        : lag.Hours > 0 ? $"{lag.Hours} hours and {lag.Minutes} minutes" : $"{lag.Minutes} minutes and {lag.Seconds} seconds";

    private static void CheckClocks(CheckContext context, TaskImage task)
    {
        if (!ProcTimeOffsets.TryRead(context.Proc, Environment.ProcessId, out _))
            context.Refuse(task, "CrTimeNamespace", "time namespace", "this kernel has none (CONFIG_TIME_NS)", kind: CrErrorKind.NotSupported);
        else if ((context.InUserNamespace && ChildrensClocksKind.Of(task, forChildren: true) is not null) || !Capabilities.Has(context.Proc, Capabilities.SysTime) || !Capabilities.Has(context.Proc, Capabilities.SysAdmin))
            context.Refuse(task, "CrTimeNamespace", "time namespace", "making one takes CAP_SYS_ADMIN and CAP_SYS_TIME, and one for next children no user namespace of the tree's own", "Restore as root.", CrErrorKind.PermissionDenied);
    }

    private static void CheckUserNamespace(CheckContext context, TaskImage root)
    {
        if (!UserNamespacesAllowed(context.Proc))
            context.Refuse(root, "CrUserNamespaceForbidden", "user namespace", "this system allows no user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)",
                "Restore as root, or have them allowed.", CrErrorKind.PermissionDenied);
        if (root.Get<IdMapsRecord>() is not { } saved)
            return;
        // user_namespaces(7): who may not set ids can map one id, and that must be the own one.
        if (!Capabilities.Has(context.Proc, CapSetUid) && !IsOwn(saved.Users, (uint)Libc.Syscall(Sys.geteuid)))
            Refuse(context, root, "uid_map", saved.Users);
        if (!Capabilities.Has(context.Proc, CapSetGid) && (saved.AllowsSetGroups || !IsOwn(saved.Groups, (uint)Libc.Syscall(Sys.getegid))))
            Refuse(context, root, "gid_map", saved.Groups);
    }

    private static bool UserNamespacesAllowed(ProcReader proc)
    {
        // The second file is a distribution's; where it is missing, nothing forbids.
        return IsNotZero(proc, "sys/user/max_user_namespaces"u8) && IsNotZero(proc, "sys/kernel/unprivileged_userns_clone"u8);

        static bool IsNotZero(ProcReader proc, ReadOnlySpan<byte> name)
            => !proc.TryRead(default, name, out var text) || !text.SequenceEqual("0\n"u8);
    }

    private static bool IsOwn(IReadOnlyList<IdMapRange> ranges, uint id)
        => ranges.Count == 0 || (ranges.Count == 1 && ranges[0].Outside == id && ranges[0].Length == 1);

    private static void Refuse(CheckContext context, TaskImage root, string map, IReadOnlyList<IdMapRange> ranges)
        => context.Refuse(root, "CrIdMapImpossible", map, $"the tree's user namespace had {string.Join(", ", ranges.Select(r => $"{r.Inside} for {r.Outside} ({r.Length})"))}, and this program may only map the id of its own user",
            "Restore as root, or as the user whose namespace was saved.", CrErrorKind.PermissionDenied);
}
