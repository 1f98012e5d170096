using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Tables of iptables-legacy(8) in a network namespace of the tree's own. The kernel checks what it takes, so that they are
/// handed on as it gave them. They are the last that is put back.
/// </summary>
internal sealed class PacketFiltersKind : IInspectsTask, ICapturesTask, IRestoresTask
{
    public IEnumerable<RecordType> Records => [new(NamespaceRecordIds.PacketFilter, "PACKET_FILTER", PacketFilterRecord.Read, PacketFilterRecord.MaxPayload)];

    public RestoreStage Stage => RestoreStage.Privileges;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task != context.Root || !HasOwnNetwork(context.Proc, task.Pid))
            return;
        var (tables, unseen) = Tables(context.Proc, task.Pid);
        foreach (var name in unseen)
            context.Refuse(task, "CrFirewallNotSaved", name, "the tree's network namespace has it, and it cannot be read", "Take it away before the checkpoint, and put it back after the restore.");
        foreach (var table in tables)
            context.Warn(task, "CrConnectionTracking", $"{table}", "it is saved; what the kernel knows of single connections for it (conntrack(8)) is not: those that go on count as new ones",
                "Let rules for established connections allow new ones of the same program, too.");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => task != context.Root || !HasOwnNetwork(context.Proc, task.Pid) ? null : sink =>
        {
            foreach (var table in Tables(context.Proc, task.Pid).Tables)
                sink.Emit(new PacketFilterRecord(task.VPid, table));
        };

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        // Never into the network of this machine, whatever an image says.
        if (task.Image.Get<NamespacesRecord>()?.Has(NamespaceSet.Network) != true)
            return null;
        foreach (var saved in task.Image.All<PacketFilterRecord>())
            context.AtRelease.Add(() =>
            {
                if (NetworkNamespace.Run(context.Proc, task.Pid, () => LegacyTables.Replace(saved.Table)) is var errno && errno != Errno.None)
                    throw new CrKernelException("CrFirewallFailed", $"{task}: putting back the {saved.Table}", errno,
                        errno == Errno.ENOENT ? "Load the kernel's modules of the table, its matches and targets (iptables-legacy-save in a namespace like it names them)." : null) { Pid = task.Pid, Object = $"{saved.Table}" };
            });
        return null;
    }

    private static bool HasOwnNetwork(ProcReader proc, int pid) => (OwnNamespaces.Read(proc, pid) & NamespaceSet.Network) != 0;

    /// <summary>Those that do anything, and the names of those that cannot be read.</summary>
    private static (List<LegacyTable> Tables, List<string> Unseen) Tables(ProcReader proc, int pid)
    {
        List<LegacyTable> tables = [];
        List<string> unseen = [], inet = [], inet6 = [];
        ProcNetwork.ListFilterTables(proc, pid, isInet6: false, inet);
        ProcNetwork.ListFilterTables(proc, pid, isInet6: true, inet6);
        if (inet.Count + inet6.Count == 0)
            return (tables, unseen);
        return NetworkNamespace.Run(proc, pid, () =>
        {
            Read(inet, false);
            Read(inet6, true);
            return (tables, unseen);
        });

        void Read(List<string> names, bool isInet6)
        {
            foreach (var name in names)
                if (LegacyTables.TryRead(isInet6, name) is not { } table)
                    unseen.Add($"{(isInet6 ? "ip6tables" : "iptables")} table {name}");
                else if (table.Filters)
                    tables.Add(table);
        }
    }
}
