using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// What filters packets in a network namespace of the tree's own: tables of iptables-legacy(8) and of nft(8). The kernel
/// checks what it takes, so that they are handed on as it gave them. They are the last that is put back.
/// </summary>
internal sealed class PacketFiltersKind : IInspectsTask, ICapturesTask, IRestoresTask
{
    /// <summary>How the names of tables begin that hold packets back while the tree is frozen.</summary>
    private const string HoldTables = "crmodule-";

    public IEnumerable<RecordType> Records { get; } =
    [
        new(NamespaceRecordIds.PacketFilter, "PACKET_FILTER", PacketFilterRecord.Read, PacketFilterRecord.MaxPayload),
        new(NamespaceRecordIds.Netfilter, "NF_TABLES", NetfilterRecord.Read, NetfilterRecord.MaxPayload),
    ];

    public RestoreStage Stage => RestoreStage.Privileges;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task != context.Root || !HasOwnNetwork(context.Proc, task.Pid))
            return;
        try
        {
            Inspect(context, task, Read(context.Proc, task.Pid));
        }
        catch (CrKernelException e) when (e.Errno == Errno.EPERM)
        {
            context.Warn(task, "CrNetworkUnseen", "network namespace", "what filters packets there (nf_tables, iptables) cannot be looked at by this user; none of it is saved", "Run with CAP_NET_ADMIN and CAP_SYS_ADMIN.");
        }
    }

    private static void Inspect(InspectContext context, LiveTask task, Filters filters)
    {
        foreach (var what in filters.Unsupported)
            context.Refuse(task, "CrFirewallNotSaved", what, "the tree's network namespace has it, and it cannot be saved yet", "Take it away before the checkpoint, and put it back after the restore.");
        if (filters.Tables.Count + filters.Objects.Count > 0)
            context.Warn(task, "CrConnectionTracking", "packet filters", "they are saved; what the kernel knows of single connections for them (conntrack(8)) is not: those that go on count as new ones",
                "Let rules for established connections allow new ones of the same program, too.");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => task != context.Root || !HasOwnNetwork(context.Proc, task.Pid) ? null : sink =>
        {
            Filters filters;
            try
            {
                filters = Read(context.Proc, task.Pid);
            }
            catch (CrKernelException e) when (e.Errno == Errno.EPERM)
            {
                // It has been warned of.
                return;
            }
            foreach (var table in filters.Tables)
                sink.Emit(new PacketFilterRecord(task.VPid, table));
            if (filters.Objects.Count > 0)
                sink.Emit(new NetfilterRecord(task.VPid, filters.Objects));
        };

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        // Never into the network of this machine, whatever an image says.
        if (task.Image.Get<NamespacesRecord>()?.Has(NamespaceSet.Network) != true)
            return null;
        foreach (var saved in task.Image.All<PacketFilterRecord>())
            PutBack(context, task, $"{saved.Table}", () => LegacyTables.Replace(saved.Table));
        if (task.Image.Get<NetfilterRecord>() is { } rules)
            PutBack(context, task, "nf_tables", () => NetfilterRules.Make(rules.Objects));
        return null;
    }

    private static void PutBack(RestoreContext context, RestoringTask task, string what, Func<Errno> work)
        => context.AtRelease.Add(() =>
        {
            if (NetworkNamespace.Run(context.Proc, task.Pid, work) is var errno && errno != Errno.None)
                throw new CrKernelException("CrFirewallFailed", $"{task}: putting back the packet filters ({what})", errno,
                    errno == Errno.ENOENT ? "Load the kernel's modules of what the rules use." : null) { Pid = task.Pid, Object = what };
        });

    private static bool HasOwnNetwork(ProcReader proc, int pid) => (OwnNamespaces.Read(proc, pid) & NamespaceSet.Network) != 0;

    /// <exception cref="CrKernelException">EPERM: the namespace may not be entered, or its filters not be read.</exception>
    private static Filters Read(ProcReader proc, int pid)
    {
        var filters = new Filters([], [], []);
        List<string> inet = [], inet6 = [];
        ProcNetwork.ListFilterTables(proc, pid, isInet6: false, inet);
        ProcNetwork.ListFilterTables(proc, pid, isInet6: true, inet6);
        var errno = NetworkNamespace.Run(proc, pid, () =>
        {
            ReadLegacy(filters, inet, isInet6: false);
            ReadLegacy(filters, inet6, isInet6: true);
            return NetfilterRules.TryRead(HoldTables, filters.Objects, filters.Unsupported);
        });
        return errno == Errno.None ? filters : throw KernelError.Create("CrFirewallNotSaved", "Reading nf_tables", errno, pid, "nf_tables");
    }

    private static void ReadLegacy(Filters filters, List<string> names, bool isInet6)
    {
        foreach (var name in names)
            if (LegacyTables.TryRead(isInet6, name) is not { } table)
                filters.Unsupported.Add($"{(isInet6 ? "ip6tables" : "iptables")} table {name}");
            else if (table.Filters)
                filters.Tables.Add(table);
    }

    /// <param name="Tables">Of the older filter: those that do anything.</param>
    /// <param name="Objects">Of nf_tables.</param>
    /// <param name="Unsupported">What cannot be read, or not be made again.</param>
    private sealed record Filters(List<LegacyTable> Tables, List<NetfilterObject> Objects, List<string> Unsupported);
}
