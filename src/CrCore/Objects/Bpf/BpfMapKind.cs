using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Bpf;

/// <summary>
/// Maps of bpf(2) whose contents are plain bytes, and which only the tree uses: shape and contents. Programs and links are
/// the kernel's to run, and no kind saves them.
/// </summary>
internal sealed class BpfMapKind : IDescriptorKind
{
    internal const string LinkText = "anon_inode:bpf-map";

    private const string NotHere = "Run with CAP_SYS_ADMIN in the initial user namespace.";

    public IReadOnlyList<FdType> Types { get; } = [FdType.BpfMap];

    public IEnumerable<RecordType> Records =>
    [
        new(BpfMapRecord.Id, "BPF_MAP", BpfMapRecord.Read, BpfMapRecord.MaxPayload),
        new(BpfMapDataRecord.Id, "BPF_MAP_DATA", BpfMapDataRecord.Read, BpfMapDataRecord.MaxBytes),
    ];

    public bool Claims(Descriptor d) => d.Name == LinkText;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (!Capabilities.HasInitial(inspection.Context.Proc, Capabilities.SysAdmin))
        {
            inspection.Refuse(d, "CrBpfRights", "it is a BPF map, and only CAP_SYS_ADMIN can tell who else uses it", NotHere);
            return;
        }
        if (d.Detail("map_id") is not { } text || !uint.TryParse(text, out var id) || BpfCalls.MapById(id, out var errno) is not { } own)
        {
            inspection.Refuse(d, "CrBpfMapUntold", "it is a BPF map that the kernel does not hand out", NotHere);
            return;
        }
        using (own)
        {
            errno = BpfCalls.MapInfo(own, out var info);
            var reason = errno != Errno.None ? $"the kernel does not tell its shape: {errno} ({errno.Describe()})"
                : LiveBpfMap.Refusal(info, own) ?? inspection.Context.States.Get(() => new BpfUsers(inspection.Context.Proc)).Of(id);
            if (reason is not null)
                inspection.Refuse(d, "CrBpfMap", $"it is the BPF map {id} ('{BpfCalls.Text(info.Name)}'): {reason}", "Let the program close it before the checkpoint.");
            else if (info.Type is (uint)BpfMapType.LruHash or (uint)BpfMapType.LruPerCpuHash)
                inspection.Warn(d, "CrBpfMapOrder", "it is a BPF map that forgets what was not used for longest, and the order of use is not kept");
        }
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (d.Detail("map_id") is not { } text || !uint.TryParse(text, out var id) || BpfCalls.MapById(id, out var errno) is not { } own)
            throw new CrTargetException("CrBpfMapUntold", $"Task {d.Pid}: {d.Label} cannot be reached.", NotHere) { Pid = d.Pid, Object = d.Label };
        var objRef = capture.Shared.Reference(("bpf map", id), out var first);
        if (!first)
        {
            own.Dispose();
            return new(FdType.BpfMap, d.Name, objRef);
        }
        errno = BpfCalls.MapInfo(own, out var info);
        if (errno != Errno.None || LiveBpfMap.Refusal(info, own) is not null)
            throw new CrTargetException("CrBpfMap", $"Task {d.Pid}: {d.Label} cannot be saved.", "Run the checkpoint again: preflight says why.") { Pid = d.Pid, Object = d.Label };
        var map = LiveBpfMap.Record(objRef, info, isFrozen: d.Detail("frozen") == "1");
        return new(FdType.BpfMap, d.Name, objRef, BpfMapContents.Read(map, own).Cast<ICrRecord>().Prepend(map));
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        var map = context.Image.Object<BpfMapRecord>(saved.Data.Object);
        if (context.InUserNamespace || !Capabilities.HasInitial(context.Proc, Capabilities.SysAdmin))
            context.Refuse(saved.Task, "CrBpfRights", saved.Label, "making a BPF map and handing it out takes CAP_SYS_ADMIN in the initial user namespace", "Restore as root, without a user namespace.", CrErrorKind.PermissionDenied);
        if (map.IsPerCpu && BpfCalls.PossibleProcessors is var here && here != map.Processors)
            context.Refuse(saved.Task, "CrBpfMapProcessors", saved.Label, $"it is a BPF map with values for each of {map.Processors} processors, and this machine can have {here}", "Restore on a machine like the one it was saved on.");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var map = server.Context.Image.Object<BpfMapRecord>(saved.Data.Object);
        var made = server.Context.States.Get<Made>().Ids;
        if (!made.TryGetValue(map.ObjRef, out var id))
            made.Add(map.ObjRef, id = Make(server, saved, map));
        // A descriptor of each saved one's own rights (bpf_get_file_flag in kernel/bpf/syscall.c).
        const uint readOnly = 8, writeOnly = 0x10;
        var rights = (saved.Data.Flags & OpenFlags.AccessMode) switch { OpenFlags.ReadOnly => readOnly, OpenFlags.WriteOnly => writeOnly, _ => 0u };
        var call = batch.In(new BpfIdCall { Id = id, OpenFlags = rights });
        DescriptorServer.Move(batch, saved.Label, batch.Must("get the BPF map", saved.Label, Sys.bpf, (int)BpfCommand.MapGetFdById, call, call.Length), server.NumberOf(saved));
        server.SetFlags(saved, batch);
        return null;
    }

    /// <summary>Made by the server, and filled from here through a descriptor that may write, whatever those of the tree may.</summary>
    private static uint Make(DescriptorServer server, SavedDescription saved, BpfMapRecord map)
    {
        var batch = new SyscallBatch();
        var call = batch.In(LiveBpfMap.Creation(map));
        var number = server.Reserve();
        DescriptorServer.Move(batch, saved.Label, batch.Must("make a BPF map", saved.Label, Sys.bpf, (int)BpfCommand.MapCreate, call, call.Length), number);
        server.Remote.Run(batch);
        using var own = server.Borrow(number, saved.Label);
        var pieces = new List<BpfMapDataRecord>();
        foreach (var record in saved.Records)
            if (record is BpfMapDataRecord piece)
                pieces.Add(piece);
        BpfMapContents.Write(map, pieces, own);
        if (map.ForgetsByItself && pieces.Sum(p => p.Bytes.Length / map.ElementBytes) - BpfMapContents.Count(map, own) is > 0 and var lost)
            server.Context.Warnings.Add(new("CrBpfMapForgot", CrErrorKind.Obstacle, ObstacleSeverity.Warning, saved.Task.VPid, saved.Task.Comm, saved.Label, $"it is a BPF map that forgets what was not used for longest, and it has forgotten {lost} elements"));
        Require(BpfCalls.MapInfo(own, out var info), "Looking at", map, saved);
        if (map.IsFrozen)
            Require(BpfCalls.Freeze(own), "Freezing", map, saved);
        return info.Id;
    }

    private static void Require(Errno errno, string doing, BpfMapRecord map, SavedDescription saved)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrBpfMapFailed", $"{doing} BPF map '{map.Name}'", errno) { Object = saved.Label };
    }

    private sealed class Made
    {
        /// <summary>The kernel's number of each new map, by its reference.</summary>
        public Dictionary<uint, uint> Ids { get; } = [];
    }
}
