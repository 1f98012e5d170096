using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Memory;

/// <summary>Turns the address space of one frozen task into records and page sources.</summary>
internal sealed class MemoryCapture(CaptureContext context, FrozenTask task)
{
    private readonly List<ICrRecord> _records = [];
    private readonly List<IEnumerable<ICrRecord>> _anchors = [];
    private readonly List<Obstacle> _obstacles = [];
    private readonly uint _objRef = context.Shared.Reference(("address space", task.Pid), out _);
    private readonly bool _sharesPages = HasForkedAway(task) || task.Children.Exists(HasForkedAway);
    private int _mapCount;

    public Action<RecordSink> Capture(SyscallBatch batch)
    {
        // Before the batch: while it runs, the task has a mapping more than its own.
        var (mappings, guards) = Look();
        var pages = new PageSource(_objRef);
        context.Pages.Add(pages);
        foreach (var mapping in mappings)
            Add(mapping, pages);
        if (guards.Count > 0)
            _records.Add(new GuardRegionsRecord(_objRef, guards));
        _records.AddRange(context.States.Get<SharedPageSearch>(() => new(context.Options.CompareSharedPages)).Take(task, pages));
        var mm = Describe(mappings);
        if (_obstacles.Count > 0)
            throw new CrPreflightException("CrCheckpointObstacles", _obstacles);

        // brk(2) with an address that cannot be gives the present one; the heap's mapping tells it to the page only.
        var brk = batch.Must("reading the program break", null, Sys.brk, 0);
        var ldt = batch.Out(8);
        var ldtSize = batch.Try(Sys.modify_ldt, 0, ldt, ldt.Length);
        return sink =>
        {
            if (batch.Result(ldtSize) > 0)
                throw new CrTargetException("CrLocalDescriptorTable", $"Task {task} has a local descriptor table (modify_ldt), which is not saved.", "16-bit and some 32-bit programs use one; they cannot be checkpointed.") { Pid = task.Pid };
            sink.Emit(mm with { Brk = (ulong)batch.Result(brk) });
            foreach (var record in _records)
                sink.Emit(record);
            // Contents of deleted files: read now, so that they are not held.
            foreach (var due in _anchors)
                foreach (var record in due)
                    sink.Emit(record);
            sink.Emit(new MmContextRecord(_objRef));
        };
    }

    private (IReadOnlyList<DetailedMapping> Mappings, IReadOnlyList<AddressRange> Guards) Look()
    {
        var plain = new List<MemoryMapping>();
        if (ProcMaps.TryRead(context.Proc, task.Pid, plain) && context.States.Get<Foresight>().Take(context.Proc, task, plain) is { } foreseen)
            return (foreseen.Taken, foreseen.Guards);
        var mappings = new List<DetailedMapping>();
        if (!ProcSmaps.TryRead(context.Proc, task.Pid, mappings))
            throw new CrTargetException("CrTaskEnded", $"Task {task} ended while it was frozen.", "Something killed it; the others run on.") { Pid = task.Pid };
        return (mappings, GuardPages.Find(task.Pid));
    }

    /// <summary>Whether it came by fork(2) and has executed nothing since: it may have pages of the one that it came from.</summary>
    private static bool HasForkedAway(FrozenTask task) => (task.Stat.Flags & ProcStat.ForkNoExec) != 0;

    private void Add(in DetailedMapping d, PageSource pages)
    {
        var m = d.Mapping;
        if (MappingRules.TypeOf(m) is not { } type)
        {
            // [vsyscall] is the same everywhere; what else has no type was refused before.
            if (MappingRules.Check(Files, task.Pid, m) is { } unknown)
                Refuse(m, unknown);
            return;
        }
        if ((MappingRules.Check(Files, task.Pid, m) ?? MappingRules.CheckFlags(d, context.States.Get<HandledFaults>().Has(task.Pid, m.Start))) is { } refusal)
        {
            Refuse(m, refusal);
            return;
        }
        var vma = new VmaRecord
        {
            Kind = type,
            Start = m.Start,
            End = m.End,
            Protection = m.Protection,
            Flags = d.Flags & ~VmFlags.SoftDirty | (m.IsShared ? VmFlags.Shared : 0),
            PageOffset = m.Offset / ImageFormat.PageSize,
            PageShift = (d.Flags & VmFlags.HugeTlb) != 0 ? HugePageSize.OfBytes((ulong)d.PageKiB << 10) : HugePageSize.Default,
            Name = m.Kind == MappingKind.Anonymous || type == VmaType.SharedAnonymous && m.Kind != MappingKind.File ? m.Path : "",
        };
        if (type is VmaType.SharedAnonymous or VmaType.MemoryFile or VmaType.SystemVShared)
        {
            var found = context.States.Get<SharedMemoryCapture>().Take(context, task.Pid, m, vma.IsHuge ? vma.PageShift : HugePageSize.None);
            if (vma.IsHuge && !found.IsReached)
            {
                Refuse(m, UnreachedHuge);
                return;
            }
            if (found.Due is { } due)
            {
                _records.Add(due);
                if (type == VmaType.SystemVShared)
                    _records.Add(SystemVCapture.Describe(context, due.ObjRef, task.Pid, m));
            }
            vma = vma with { ObjRef = found.ObjRef };
        }
        MappedFile? mapped = type == VmaType.File ? Files.Find(task.Pid, m) : null;
        if (mapped is { } file)
            vma = vma with { Identity = file.Identity, ObjRef = Anchor(file.File) };
        _records.Add(vma);
        _mapCount++;
        if (mapped is { File: var named })
            _records.Add(new FNameRecord(named.InImage(named.Name)));
        // What the kernel may drop at any moment (MAP_DROPPABLE) need not be kept.
        if (vma.HasPrivatePages && (vma.Flags & VmFlags.Droppable) == 0)
            pages.Ranges.Add(new PageRange(task.Pid, m.Start, m.End, m.Start,
                (type == VmaType.Anonymous ? 0 : PageRangeModes.KeepZeros)
                | ((m.Protection & MemoryProtection.Read) == 0 ? PageRangeModes.Unreadable : 0)
                // A daemon, whose parent has ended, shares hardly anything.
                | (_sharesPages && d.SharedKiB > 0 ? PageRangeModes.Shared : 0)
                | ((vma.Flags & VmFlags.HugeTlb) != 0 ? PageRangeModes.NeverShared : 0)
                | ((vma.Flags & (VmFlags.DontCopy | VmFlags.WipeOnFork)) != 0 ? PageRangeModes.NotCopied : 0)
                | ((vma.Flags & HandledFaults.Flags) != 0 ? HandledFaults.Modes : 0)));
    }

    /// <summary>Read through a mapping, its holes would be filled, from a store that may have nothing left.</summary>
    private static MappingRefusal UnreachedHuge { get; } = new("CrMappingHugeTlb", "it is shared memory of huge pages, which can be read only by a descriptor of it", "Run with CAP_CHECKPOINT_RESTORE.", CrErrorKind.PermissionDenied);

    private MmRecord Describe(IReadOnlyList<DetailedMapping> mappings)
    {
        var stat = task.Stat;
        if (!context.Proc.TryRead(task.Pid, "auxv"u8, out var auxv))
            auxv = default;
        var vector = auxv.ToArray();
        var vdso = Vdso.Own;
        ulong mapped = 0;
        foreach (var d in mappings)
            if (d.Mapping.Kind == MappingKind.Vdso)
                mapped += d.Mapping.Length;
        if (mapped != 0 && mapped != vdso.Length)
            Refuse("vdso", "CrVdsoDiffers", $"its vdso has {mapped} bytes, this kernel's for 64-bit programs {vdso.Length}", "32-bit programs cannot be checkpointed.");
        var exe = ExeLink.Read(context.Proc, task.Pid, context.Options.MaxDeletedFileBytes, Files.Further);
        if (exe.Refusal is { } refusal)
            Refuse("exe", refusal.Id, refusal.Reason, refusal.Advice);
        return new MmRecord
        {
            Parent = (uint)task.VPid,
            ObjRef = _objRef,
            MapCount = _mapCount,
            StartCode = stat.StartCode,
            EndCode = stat.EndCode,
            StartData = stat.StartData,
            EndData = stat.EndData,
            StartBrk = stat.StartBrk,
            StartStack = stat.StartStack,
            ArgStart = stat.ArgStart,
            ArgEnd = stat.ArgEnd,
            EnvStart = stat.EnvStart,
            EnvEnd = stat.EnvEnd,
            VdsoHash = vdso.Hash,
            Auxv = vector,
            ExePath = exe.File.Name,
            ExeIdentity = FileIdentity.Of(exe.File.Status),
            ExeAnchor = exe.Refusal is not null ? 0 : exe.IsMemoryFile ? MemoryFile(exe) : Anchor(exe.File),
        };
    }

    private uint MemoryFile(in ExeLink exe)
    {
        var found = context.States.Get<SharedMemoryCapture>().TakeFile(context, task.Pid, exe.File.Path, exe.File.Status, exe.MemoryFileName);
        if (found.Due is { } due)
            _records.Add(due);
        return found.ObjRef;
    }

    private uint Anchor(in ReferredFile file)
    {
        var anchor = Anchoring.Take(context, file);
        _anchors.Add(anchor.Due);
        return anchor.ObjRef;
    }

    private MappedFiles Files => context.States.Get(() => new MappedFiles(context.Proc, context.Options.MaxDeletedFileBytes, Namespaces.FurtherMounts.Of(context)));

    private void Refuse(in MemoryMapping m, MappingRefusal r) => Refuse($"{m.Start:x}-{m.End:x}", r.Id, r.Reason, r.Advice);

    private void Refuse(string what, string id, string reason, string advice)
        => _obstacles.Add(new Obstacle(id, CrErrorKind.NotSupported, ObstacleSeverity.Error, task.Pid, task.Comm, what, reason, advice));
}
