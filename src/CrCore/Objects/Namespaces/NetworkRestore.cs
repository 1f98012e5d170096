using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>Makes a network namespace of the tree's own what it was.</summary>
internal static class NetworkRestore
{
    private const string What = "network namespace";

    /// <summary>Whether this machine can make what was saved: it is tried in a new network namespace, which is gone afterwards.</summary>
    public static void Check(CheckContext context)
    {
        var root = context.Image.Root;
        var saved = Objects(root);
        if (saved.Count == 0)
            return;
        if (!Capabilities.Has(context.Proc, Capabilities.SysAdmin) || !Capabilities.Has(context.Proc, Capabilities.NetAdmin))
        {
            context.Refuse(root, "CrNetworkRights", What, "it had interfaces, addresses, routes or rules, and making them takes CAP_NET_ADMIN and CAP_SYS_ADMIN", "Restore as root.", CrErrorKind.PermissionDenied);
            return;
        }
        var loopbackUp = root.Get<NamespacesRecord>()!.LoopbackUp;
        var failure = NetworkNamespace.RunInNew(() =>
        {
            if (NetworkLinks.Make(saved) is { } impossible)
                return impossible;
            if (loopbackUp)
                Loopback.RaiseHere();
            return NetworkRebuild.Lead(saved);
        });
        if (failure is { } f)
            context.Refuse(root, "CrNetworkImpossible", f.What, $"the tree's network namespace had it, and a new one does not take it here: {f.Errno} ({f.Errno.Describe()})", "Restore on a machine whose kernel has what it needs.");
    }

    /// <summary>In three steps: the interfaces, what the root's puppet does in the batch (interfaces have sysctls), and what is made of them afterwards.</summary>
    public static Action Restore(RestoreContext context, RestoringTask root, SyscallBatch batch)
    {
        var saved = Objects(root.Image);
        Make(NetworkLinks.Make);
        var sysctls = root.Image.Get<SysctlsRecord>() is { } set ? Sysctls(context, root, set, batch) : null;
        return () =>
        {
            sysctls?.Invoke();
            Make(NetworkRebuild.Lead);
        };

        void Make(Func<IReadOnlyList<NetworkObject>, NetworkFailure?> work)
        {
            if (saved.Count > 0 && NetworkNamespace.Run(context.Proc, root.Pid, () => work(saved)) is { } failure)
                throw new CrKernelException("CrNetworkFailed", $"{root}: making the {failure.What} in its network namespace", failure.Errno) { Pid = root.Pid, Object = failure.What };
        }
    }

    /// <summary>Whether an address of the network namespace that is made will be one of its interfaces'.</summary>
    public static bool HasAddress(TaskImage root, byte[] address)
        => Objects(root).Exists(one => one.Kind == NetworkObjectKind.Address && (one.Find(NetworkAddresses.Local) is { Length: > 0 } local ? local : one.Find(NetworkAddresses.Address)).SequenceEqual(address));

    /// <summary>None where the image has no network namespace to make: never the network of this machine, whatever an image says.</summary>
    private static List<NetworkObject> Objects(TaskImage root)
        => root.Get<NamespacesRecord>()?.Has(NamespaceSet.Network) == true ? [.. root.All<NetworkObjectRecord>().Select(record => record.Object)] : [];

    /// <summary>The root, which is in the new namespace, writes them.</summary>
    private static Action Sysctls(RestoreContext context, RestoringTask root, SysctlsRecord saved, SyscallBatch batch)
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
