using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// The namespaces of a tree as a whole. They are made with its first process (NamespacePlan, NamespaceSetup); here is what
/// is saved of them and what is put into them before the root has children.
/// </summary>
internal sealed class NamespacesKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(NamespaceRecordIds.Namespaces, "NAMESPACES", NamespacesRecord.Read, NamespacesRecord.MaxPayload),
        new(NamespaceRecordIds.IdMaps, "ID_MAPS", IdMapsRecord.Read, IdMapsRecord.MaxPayload),
        new(NamespaceRecordIds.Mount, "MOUNT", MountRecord.Read, MountRecord.MaxPayload),
        new(ClocksRecord.Id, "CLOCKS", ClocksRecord.Read, ClocksRecord.PayloadSize),
        new(MachineClocksRecord.Id, "MACHINE_CLOCKS", MachineClocksRecord.Read, MachineClocksRecord.PayloadSize),
        new(NamespaceRecordIds.Sysctls, "SYSCTLS", SysctlsRecord.Read, SysctlsRecord.MaxPayload),
        new(NetworkObjectRecord.Id, "NETWORK_OBJECT", NetworkObjectRecord.Read, NetworkObjectRecord.MaxPayload),
    ];

    public RestoreStage Stage => RestoreStage.Root;

    public void Inspect(InspectContext context, LiveTask task) => context.States.Get<NamespaceInspection>().Inspect(context, task);

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => task == context.Root ? NamespaceCapture.Add(context, task, batch) : null;

    public void Check(CheckContext context)
    {
        NamespaceCheck.Check(context);
        NetworkRestore.Check(context);
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (task.Image.Get<NamespacesRecord>() is not { } saved)
            return null;
        if (saved.Has(NamespaceSet.Uts))
        {
            SetName("set the host name", Sys.sethostname, saved.HostName, batch);
            SetName("set the domain name", Sys.setdomainname, saved.DomainName, batch);
        }
        if (saved is { LoopbackUp: true } && saved.Has(NamespaceSet.Network))
            Loopback.Raise(batch);
        return saved.Has(NamespaceSet.Network) ? NetworkRestore.Restore(context, task, batch) : null;
    }

    private static void SetName(string what, Sys call, string name, SyscallBatch batch)
    {
        var text = batch.Text(name);
        batch.Must(what, name, call, text, text.Length - 1);
    }
}
