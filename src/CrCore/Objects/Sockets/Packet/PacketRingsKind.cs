using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Packet;

/// <summary>PACKET_RING_MAP (536): where a task has mapped the rings of a packet socket (packet_mmap in the kernel's documentation).</summary>
/// <param name="VPid">The task.</param>
/// <param name="Start">First address.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Offset">In the rings, in bytes: the receiving one comes first.</param>
/// <param name="Protection">PROT_* of mmap(2).</param>
/// <param name="IsShared">MAP_SHARED of mmap(2).</param>
/// <param name="Fd">A descriptor of the task onto the socket.</param>
public sealed record PacketRingMapRecord(uint VPid, ulong Start, ulong Length, ulong Offset, MemoryProtection Protection, bool IsShared, int Fd) : ICrRecord
{
    internal const short Id = 536;
    internal const int PayloadSize = 40;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Start);
        w.U64(Length);
        w.U64(Offset);
        w.U32((uint)Protection);
        w.U32(IsShared ? 1u : 0);
        w.I32(Fd);
        w.U32(0);
    }

    internal static PacketRingMapRecord Read(uint parent, ref FieldReader r)
    {
        var record = new PacketRingMapRecord(parent, r.U64(), r.U64(), r.U64(), (MemoryProtection)r.U32(), r.U32() != 0, r.I32());
        r.Pad4();
        return record.Fd >= 0 && (uint)record.Protection <= 7 ? record : throw r.Bad("a mapping of a packet socket has no descriptor or no protection");
    }
}

/// <summary>Maps the rings of packet sockets again, when the sockets have them and their tasks have the sockets.</summary>
internal sealed class PacketRingsKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    private const int MapShared = 1, MapPrivate = 2, MapFixedNoReplace = 0x10_0000;

    public IEnumerable<RecordType> Records => [new(PacketRingMapRecord.Id, "PACKET_RING_MAP", PacketRingMapRecord.Read, PacketRingMapRecord.PayloadSize)];

    public void Inspect(InspectContext context, LiveTask task)
    {
        foreach (var m in MappingsOf(context.Proc, task.Pid))
            if (Find(context.States, context.Proc, task.Pid, m) is null)
                context.Refuse(task, "CrPacketRingUnheld", $"{m.Start:x}-{m.End:x}", "a ring of a packet socket is mapped that the task has no descriptor of any more", "Have the program unmap it, or keep the socket open.");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        var records = new List<PacketRingMapRecord>();
        foreach (var m in MappingsOf(context.Proc, task.Pid))
            records.Add(new((uint)task.VPid, m.Start, m.Length, m.Offset, m.Protection, m.IsShared, Find(context.States, context.Proc, task.Pid, m)?.Fd
                ?? throw new CrTargetException("CrPacketRingUnheld", $"Task {task}: the ring mapped at {m.Start:x} is of a packet socket that it has no descriptor of.", "Run the checkpoint again: preflight says what is in the way.") { Pid = task.Pid }));
        return records.Count == 0 ? null : sink =>
        {
            foreach (var record in records)
                sink.Emit(record);
        };
    }

    public void Check(CheckContext context)
    {
        var layouts = context.States.Get<MemoryLayouts>();
        foreach (var task in context.Image.Tasks)
            foreach (var map in task.All<PacketRingMapRecord>())
            {
                var at = layouts.Of(task)?.FirstEndingAfter(map.Start) ?? 0;
                if (layouts.Of(task) is not { } layout || at >= layout.Mappings.Count || layout.Mappings[at].Vma is not { Kind: VmaType.PacketRing } vma || vma.Start != map.Start || vma.Length != map.Length)
                    throw new CrImageException("CrImageBadObject", $"The image is broken: {task}: no mapping is where its packet socket's ring {map.Start:x} is.", task.Offset, "The image is damaged; take another copy, or checkpoint again.");
            }
    }

    public RestoreStage Stage => RestoreStage.State;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        foreach (var m in task.Image.All<PacketRingMapRecord>())
            batch.Must("mapping the ring of a packet socket at", $"{m.Start:x}", Sys.mmap, m.Start, m.Length, (int)m.Protection, (m.IsShared ? MapShared : MapPrivate) | MapFixedNoReplace, m.Fd, m.Offset);
        return null;
    }

    private static List<MemoryMapping> MappingsOf(ProcReader proc, int pid)
    {
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(proc, pid, mappings);
        return mappings.FindAll(m => MappingRules.TypeOf(m) == VmaType.PacketRing);
    }

    /// <summary>The mapping bears the socket's name.</summary>
    private static Descriptor? Find(KindStates states, ProcReader proc, int pid, in MemoryMapping m)
    {
        foreach (var d in states.Get<KnownDescriptors>().Of(proc, pid))
            if (d.Name == m.Path)
                return d;
        return null;
    }
}
