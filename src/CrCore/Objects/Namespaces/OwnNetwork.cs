using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// A network namespace of the tree's own: its sysctls are kept; interfaces, and what leads packets, are refused.
/// </summary>
internal static class OwnNetwork
{
    // The kernel puts these into every network namespace once their module is loaded (net.core.fb_tunnels_only_for_init_net).
    private static readonly HashSet<string> _everywhere =
        ["lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"];

    public static void Inspect(InspectContext context, LiveTask root)
    {
        var names = new List<string>();
        ProcNetwork.TryListInterfaces(context.Proc, root.Pid, names);
        foreach (var name in names)
            if (!_everywhere.Contains(name))
                context.Refuse(root, "CrInterfaceNotSaved", $"network interface {name}", "the tree's network namespace has it, and interfaces other than loopback are not saved yet",
                    "Take the interface out of the namespace before the checkpoint.");
        var extras = new List<NetworkExtra>();
        Errno errno;
        try
        {
            errno = NetworkNamespace.Run(context.Proc, root.Pid, () => NetworkContents.TryRead(extras));
        }
        catch (CrKernelException e) when (e.Errno == Errno.EPERM)
        {
            errno = e.Errno ?? Errno.EPERM;
        }
        foreach (var extra in extras)
            context.Refuse(root, extra.Id, extra.What, "the tree's network namespace has it, and what leads packets there is not saved yet", "Take it away before the checkpoint, and put it back after the restore.");
        if (errno != Errno.None)
            context.Warn(root, "CrNetworkUnseen", "network namespace", $"what leads packets there (addresses, routes, queueing disciplines) cannot be looked at by this user ({errno}); none of it is saved", "Run with CAP_NET_ADMIN and CAP_SYS_ADMIN.");
    }

    /// <summary>What is set otherwise than in a new network namespace with loopback like this one's; null when it cannot be known.</summary>
    /// <param name="ids">Of the tree's own user namespace, if it has one.</param>
    public static SysctlsRecord? Sysctls(CaptureContext context, FrozenTask root, bool loopbackUp, IdMapsRecord? ids)
    {
        Dictionary<string, string> theirs, fresh;
        try
        {
            theirs = NetworkNamespace.Run(context.Proc, root.Pid, NetworkSysctls.Read);
            fresh = NetworkNamespace.RunInNew(() =>
            {
                if (loopbackUp)
                    Loopback.RaiseHere();
                return NetworkSysctls.Read();
            });
        }
        catch (CrKernelException e) when (e.Errno is Errno.EPERM or Errno.ENOSPC)
        {
            context.Warnings.Add(new("CrSysctlsUnseen", CrErrorKind.Obstacle, ObstacleSeverity.Warning, root.Pid, root.Comm, "network namespace", $"its sysctls cannot be compared with those of a new one ({e.Errno}), and are not saved", "Run with CAP_SYS_ADMIN."));
            return null;
        }
        var differing = new List<string>();
        var leaves = new HashSet<string>();
        foreach (var (name, value) in theirs)
            if (fresh.TryGetValue(name, out var usual) && usual != value && NetworkSysctls.IsWritable(name))
            {
                differing.Add(name);
                leaves.Add(name == "net/ipv4/ip_forward" ? "forwarding" : Path.GetFileName(name));
            }
        if (differing.Count == 0)
            return null;
        // ip_forward sets conf/*/forwarding, and conf/all others, too (devinet_sysctl_forward in net/ipv4/devinet.c): those that
        // are as in a new namespace again must be set behind it.
        foreach (var name in theirs.Keys)
            if (IsOfInterface(name) && leaves.Contains(Path.GetFileName(name)) && !differing.Contains(name) && NetworkSysctls.IsWritable(name))
                differing.Add(name);
        differing.Sort((a, b) => IsOfInterface(a) != IsOfInterface(b) ? IsOfInterface(a).CompareTo(IsOfInterface(b)) : string.CompareOrdinal(a, b));
        return new(root.VPid, [.. differing.Select(name => KeyValuePair.Create(name, GroupSysctls.Inside(name, theirs[name], ids)))]);
    }

    private static bool IsOfInterface(string name) => name.Contains("/conf/", StringComparison.Ordinal);

    /// <summary>The root, which is in the new namespace, writes them.</summary>
    public static Action Restore(RestoreContext context, RestoringTask root, SysctlsRecord saved, SyscallBatch batch)
    {
        var written = new List<(string Name, Slot Opened, Slot Written)>();
        foreach (var (name, value) in saved.Values)
        {
            var text = batch.In([.. LinuxText.Encode(value), (byte)'\n']);
            var fd = batch.Try(Sys.openat, FileNative.AT_FDCWD, batch.Text(NetworkSysctls.Root + name), FileNative.O_WRONLY | FileNative.O_CLOEXEC, 0);
            written.Add((name, fd, batch.Try(Sys.write, fd, text, text.Length)));
            batch.Try(Sys.close, fd);
        }
        return () =>
        {
            foreach (var (name, opened, wrote) in written)
                if ((batch.ErrnoOf(opened) is var e && e != Errno.None) || (e = batch.ErrnoOf(wrote)) != Errno.None)
                    context.Warn(root, "CrSysctlLost", name.Replace('/', '.'), $"it could not be set in the new network namespace ({e})");
        };
    }
}
