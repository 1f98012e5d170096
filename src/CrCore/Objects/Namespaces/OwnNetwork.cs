using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// A network namespace of the tree's own: its interfaces, its sysctls, and what leads packets there.
/// </summary>
internal static class OwnNetwork
{
    private const string SetAside = "Take it away before the checkpoint, and put it back after the restore.";

    // The kernel puts these into every network namespace once their module is loaded (net.core.fb_tunnels_only_for_init_net).
    private static readonly HashSet<string> _everywhere =
        ["lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"];

    public static void Inspect(InspectContext context, LiveTask root)
    {
        var names = new List<string>();
        ProcNetwork.TryListInterfaces(context.Proc, root.Pid, names);
        names.RemoveAll(_everywhere.Contains);
        var objects = new List<NetworkObject>();
        var extras = new List<NetworkExtra>();
        Errno errno;
        try
        {
            errno = NetworkNamespace.Run(context.Proc, root.Pid, () => NetworkContents.TryRead(objects, extras));
            if (errno == Errno.None && names.Count > 0 && !context.IsGlimpse)
                foreach (var (what, reason) in NetworkNamespace.RunInNew(() => NetworkLinks.Try(objects)))
                    Refuse(context, root, what, $"and such are not saved yet: {reason}");
        }
        catch (CrKernelException e) when (e.Errno == Errno.EPERM)
        {
            errno = e.Errno ?? Errno.EPERM;
            foreach (var name in names)
                Refuse(context, root, $"network interface {name}", "and interfaces other than loopback are saved by root only");
        }
        foreach (var extra in extras)
            context.Refuse(root, extra.Id, extra.What, "the tree's network namespace has it, and it is not saved yet", SetAside);
        if (errno != Errno.None)
            context.Warn(root, "CrNetworkUnseen", "network namespace", $"what leads packets there (addresses, routes, queueing disciplines) cannot be looked at by this user ({errno}); none of it is saved", "Run with CAP_NET_ADMIN and CAP_SYS_ADMIN.");
    }

    private static void Refuse(InspectContext context, LiveTask root, string what, string reason)
        => context.Refuse(root, "CrInterfaceNotSaved", what, $"the tree's network namespace has it, {reason}", "Take the interface out of the namespace before the checkpoint.");

    /// <summary>Emits what is otherwise than in a new network namespace with loopback like this one's; nothing when it cannot be known.</summary>
    /// <param name="groups">Of the tree's own user namespace; null where it has none.</param>
    public static void Capture(CaptureContext context, FrozenTask root, bool loopbackUp, IReadOnlyList<IdMapRange>? groups, RecordSink sink)
    {
        Contents theirs;
        Dictionary<string, string> usual;
        bool isUsual;
        try
        {
            theirs = NetworkNamespace.Run(context.Proc, root.Pid, Read);
            (usual, isUsual) = NetworkNamespace.RunInNew(() =>
            {
                if (loopbackUp)
                    Loopback.RaiseHere();
                var fresh = Read();
                if (theirs.Objects.Select(NetworkRebuild.Normalize).SequenceEqual(fresh.Objects.Select(NetworkRebuild.Normalize)))
                    return (fresh.Sysctls, true);
                // Interfaces have sysctls of their own.
                if (NetworkLinks.Make(theirs.Objects) is { } failure)
                    throw new CrTargetException("CrInterfaceNotSaved", $"Task {root}: {failure.What} cannot be made in a new network namespace: {failure.Errno} ({failure.Errno.Describe()}).", SetAside) { Pid = root.Pid, Object = failure.What };
                return (NetworkSysctls.Read(), false);
            });
        }
        catch (CrKernelException e) when (e.Errno is Errno.EPERM or Errno.ENOSPC)
        {
            context.Warnings.Add(new("CrSysctlsUnseen", CrErrorKind.Obstacle, ObstacleSeverity.Warning, root.Pid, root.Comm, "network namespace", $"its sysctls cannot be compared with those of a new one ({e.Errno}), and are not saved", "Run with CAP_SYS_ADMIN."));
            return;
        }
        // Files of interfaces are there only.
        if (NetworkNamespace.Run(context.Proc, root.Pid, () => Sysctls(root, theirs.Sysctls, usual, groups)) is { } sysctls)
            sink.Emit(sysctls);
        if (isUsual)
            return;
        foreach (var one in theirs.Objects)
            sink.Emit(new NetworkObjectRecord(root.VPid, one));
    }

    private static Contents Read()
    {
        var objects = new List<NetworkObject>();
        // Of what may not be seen, preflight has warned.
        return new(NetworkSysctls.Read(), NetworkContents.TryRead(objects) == Errno.None ? objects : []);
    }

    private sealed record Contents(Dictionary<string, string> Sysctls, List<NetworkObject> Objects);

    private static SysctlsRecord? Sysctls(FrozenTask root, Dictionary<string, string> theirs, Dictionary<string, string> fresh, IReadOnlyList<IdMapRange>? groups)
    {
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
        return new(root.VPid, [.. differing.Select(name => KeyValuePair.Create(name, name == PingGroups && groups is not null ? Inside(theirs[name], groups) : theirs[name]))]);
    }

    /// <summary>The kernel tells these ids as they are in the reader's user namespace, and the root will write them in its own (ping_group_range of ip-sysctl.rst).</summary>
    private const string PingGroups = "net/ipv4/ping_group_range";

    private static string Inside(string range, IReadOnlyList<IdMapRange> groups)
        => string.Join('\t', range.Split('\t', ' ').Select(id => uint.TryParse(id, out var outside) ? $"{ProcIdMap.ToInside(groups, outside)}" : id));

    private static bool IsOfInterface(string name) => name.Contains("/conf/", StringComparison.Ordinal);
}
