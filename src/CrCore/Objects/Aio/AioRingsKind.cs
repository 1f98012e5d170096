using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Aio;

/// <summary>
/// Contexts of native asynchronous I/O with the events in their rings. A program knows a context by its ring's address,
/// and the kernel keeps that in step when the ring is moved (aio_ring_mremap in fs/aio.c).
/// </summary>
internal sealed class AioRingsKind : IInspectsTask, ICapturesTask, IChecksImage, IRestoresTask
{
    public IEnumerable<RecordType> Records => [new(AioRingRecord.Id, "AIO_RING", AioRingRecord.Read, 32 + AioRingRecord.MaxEventBytes)];

    public void Inspect(InspectContext context, LiveTask task)
    {
        foreach (var m in RingsOf(context.Proc, task.Pid))
            context.Warn(task, "CrAioInFlight", $"{m.Start:x}-{m.End:x}", "requests of native AIO that are in flight at the checkpoint cannot be seen and are not kept; those that are done are",
                "Where that matters, let the program wait for its requests before the checkpoint.");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (task.IsZombie)
            return null;
        var records = new List<AioRingRecord>();
        foreach (var m in RingsOf(context.Proc, task.Pid))
            records.Add(Read(task, m));
        return records.Count == 0 ? null : sink =>
        {
            foreach (var record in records)
                sink.Emit(record);
        };
    }

    private static AioRingRecord Read(FrozenTask task, in MemoryMapping m)
    {
        var ring = new byte[m.Length];
        ProcessMemory.Read(task.Pid, m.Start, ring);
        if (AioRingHeader.Parse(ring) is not { } header || !header.Fits(m.Length) || header.Pending * AioRingHeader.EventSize > AioRingRecord.MaxEventBytes)
            throw new CrTargetException("CrAioRing", $"Task {task}: the AIO ring at {m.Start:x} is not in a form that can be saved: the program wrote into it.") { Pid = task.Pid, Object = $"{m.Start:x}-{m.End:x}" };
        var events = new byte[header.Pending * AioRingHeader.EventSize];
        for (var i = 0u; i < header.Pending; i++)
            ring.AsSpan(PlaceOf(header, i), AioRingHeader.EventSize).CopyTo(events.AsSpan((int)i * AioRingHeader.EventSize));
        return new((uint)task.VPid, m.Start, m.Length, header, events);
    }

    public void Check(CheckContext context)
    {
        var layouts = context.States.Get<MemoryLayouts>();
        foreach (var task in context.Image.Tasks)
        {
            if (layouts.Of(task) is not { } layout)
                continue;
            var (rings, mapped) = (0, 0);
            foreach (var mapping in layout.Mappings)
                mapped += mapping.Vma.Kind == VmaType.AioRing ? 1 : 0;
            foreach (var ring in task.All<AioRingRecord>())
            {
                rings++;
                var at = layout.FirstEndingAfter(ring.Start);
                if (at >= layout.Mappings.Count || layout.Mappings[at].Vma is not { Kind: VmaType.AioRing } vma || vma.Start != ring.Start || vma.Length != ring.Length)
                    throw Broken(task, $"no mapping is where its AIO ring {ring.Start:x} is");
            }
            if (rings != mapped)
                throw Broken(task, $"it has {mapped} mappings of AIO rings, and {rings} rings");
        }
    }

    public RestoreStage Stage => RestoreStage.State;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (!task.IsZombie)
            AioRingMaker.MakeAll(task);
        return null;
    }

    /// <summary>The offset in a ring of the event that is the n-th to be taken.</summary>
    internal static int PlaceOf(AioRingHeader header, uint n) => AioRingHeader.Size + (int)((header.Head + n) % header.Count) * AioRingHeader.EventSize;

    private static List<MemoryMapping> RingsOf(ProcReader proc, int pid)
    {
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(proc, pid, mappings);
        return mappings.FindAll(m => MappingRules.TypeOf(m) == VmaType.AioRing);
    }

    private static CrImageException Broken(TaskImage task, string what)
        => new("CrImageBadObject", $"The image is broken: {task}: {what}.", task.Offset, "The image is damaged; take another copy, or checkpoint again.");
}
