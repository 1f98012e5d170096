using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Memory;

/// <summary>Address spaces: what is mapped where, with which contents.</summary>
internal sealed partial class MemoryKind : IInspectsTask, ICapturesTask
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(MemoryIds.Mm, "MM", MmRecord.Read, MmRecord.SeedSize + MmRecord.MaxAuxv + 70_000),
        new(MemoryIds.Vma, "VMA", VmaRecord.Read, VmaRecord.SeedSize + VmaRecord.MaxName + 64),
        new(MemoryIds.MmContext, "MM_CONTEXT", MmContextRecord.Read, MmContextRecord.PayloadSize),
        new(MemoryIds.SharedMemory, "SHARED_MEMORY", SharedMemoryRecord.Read, 32 + VmaRecord.MaxName),
        new(MemoryIds.GuardRegions, "GUARD_REGIONS", GuardRegionsRecord.Read, GuardRegionsRecord.MaxBytes),
        new(MemoryIds.SharedPages, "SHARED_PAGES", SharedPagesRecord.Read, SharedPagesRecord.MaxBytes),
        new(MemoryIds.SystemVSegment, "SYSV_SEGMENT", SystemVSegmentRecord.Read, 64),
    ];

    /// <summary>Looks at maps only; what needs smaps is found when the task is captured.</summary>
    public void Inspect(InspectContext context, LiveTask task)
    {
        if (ReferenceEquals(task, context.Root))
            SharedAddressSpaces.Inspect(context);
        var mappings = new List<MemoryMapping>();
        // A task that has ended since the walk has nothing to inspect.
        if (!ProcMaps.TryRead(context.Proc, task.Pid, mappings) || mappings.Count == 0)
            return;
        var files = context.States.Get(() => new MappedFiles(context.Proc, context.Options.MaxDeletedFileBytes, Namespaces.FurtherMounts.Of(context)));
        foreach (var m in mappings)
            if (MappingRules.Check(files, task.Pid, m) is { } r)
                context.Refuse(task, r.Id, $"{m.Start:x}-{m.End:x}", r.Reason, r.Advice, r.Kind);
        if (ExeLink.Read(context.Proc, task.Pid, context.Options.MaxDeletedFileBytes, files.Further) is { Refusal: { } exe })
            context.Refuse(task, exe.Id, "exe", exe.Reason, exe.Advice, exe.Kind);
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
        => task.IsZombie ? null : new MemoryCapture(context, task).Capture(batch);
}
