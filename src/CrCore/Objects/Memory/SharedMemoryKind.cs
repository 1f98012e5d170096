using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>The restored shared memory of a tree, open in this process for filling and sealing. Kept in the context's states.</summary>
internal sealed class RestoredMemoryFiles
{
    public Dictionary<uint, OwnDescriptor> Files { get; } = [];
}

/// <summary>
/// Makes shared memory in the root's puppet, before any other exists: all inherit its mappings and descriptors. Its records
/// are <see cref="MemoryKind"/>'s.
/// </summary>
internal sealed class SharedMemoryKind : IRestoresTask
{
    private const int ProtRead = 1, ProtReadWrite = 3;
    private const int MapShared = 1, MapPrivate = 2, MapAnonymous = 0x20, MapNoReserve = 0x4000, MapFixedNoReplace = 0x10_0000;
    private const int MfdCloexec = 1, MfdAllowSealing = 2, MfdExec = 0x10;

    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Root;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var plan = StagingPlan.Make(context.Image, context.States.Get<MemoryLayouts>());
        var places = context.States.Get<PuppetPlaces>();
        places.Fill(context, plan);
        if (context.States.Get<InheritedMemory>().IsExpected)
            places.MoveSpecialsAway(task);
        var served = new List<(uint ObjRef, Slot Fd)>();
        var own = new SyscallBatch();
        foreach (var (objRef, range) in plan.Shared)
        {
            var memory = context.Image.Object<SharedMemoryRecord>(objRef);
            if (memory.Kind == SharedMemoryType.HugePages)
                own.Must("mapping huge pages", null, Sys.mmap, places.StagingOf(objRef), range.Length, ProtReadWrite,
                    MapShared | MapAnonymous | MapNoReserve | MapFixedNoReplace | HugePageSize.OfMmap(memory.PageShift), -1, 0);
            else if (memory.Kind == SharedMemoryType.Anonymous)
                own.Must("mapping shared memory", null, Sys.mmap, places.StagingOf(objRef), range.Length, ProtReadWrite,
                    MapShared | MapAnonymous | NoReserve(plan, objRef) | MapFixedNoReplace, -1, 0);
            else if (memory.Kind == SharedMemoryType.MemoryFile)
                served.Add((objRef, Create(own, memory, range.Length)));
            if (own.ArenaBytes > task.Remote.ArenaSize / 2)
                Flush(context, task, places, own, served);
        }
        Flush(context, task, places, own, served);
        SystemVRestore.AttachAll(context, task, places);
        return null;
    }

    private static Slot Create(SyscallBatch batch, SharedMemoryRecord memory, ulong mapped)
    {
        var what = $"memfd {memory.Name}";
        // Without MFD_ALLOW_SEALING a memfd has F_SEAL_SEAL and nothing else (mm/memfd.c).
        var flags = (long)(MfdCloexec | MfdExec | (memory.Seals == SharedMemoryRecord.SealSeal ? 0 : MfdAllowSealing)) | HugePageSize.OfMemoryFile(memory.PageShift);
        var fd = batch.Must("creating", what, Sys.memfd_create, batch.Text(memory.Name), flags);
        batch.Must("sizing", what, Sys.ftruncate, fd, memory.Size != 0 || memory.IsEmpty ? memory.Size : mapped);
        if (memory.Mode != 0x1ff)
            batch.Must("setting the mode of", what, Sys.fchmod, fd, memory.Mode);
        return fd;
    }

    private static void Flush(RestoreContext context, RestoringTask task, PuppetPlaces places, SyscallBatch batch, List<(uint ObjRef, Slot Fd)> served)
    {
        task.Remote.Run(batch);
        var map = new SyscallBatch();
        using var puppet = served.Count > 0 ? PidFd.Open(task.Pid) : null;
        foreach (var (objRef, slot) in served)
        {
            var memory = context.Image.Object<SharedMemoryRecord>(objRef);
            var fd = (int)batch.Result(slot);
            context.ServedDescriptors[objRef] = fd;
            // The description of memfd_create(2) itself: any other that can write would keep the file from being a task's program
            // (exe_file_deny_write_access in include/linux/fs.h), as it keeps it from being executed.
            context.States.Get<RestoredMemoryFiles>().Files[objRef] = puppet!.TryGet(fd, out var errno)
                ?? throw KernelError.Create("CrSharedMemoryOpenFailed", $"Getting the memory file {memory.Name} failed", errno, task.Pid, memory.Name);
            Map(map, context, places, memory, fd);
        }
        task.Remote.Run(map);
        batch.Reset();
        served.Clear();
    }

    /// <summary>
    /// A memory file that may not be written any more must not have been mapped from a descriptor that can write: the seal
    /// would be refused (memfd_wait_for_pins and mapping_deny_writable in mm/memfd.c). One of huge pages can be written in no
    /// other way; this mapping of it goes before it is sealed, and the tasks' are made anew. Each of them sets aside what it needs.
    /// </summary>
    private static void Map(SyscallBatch batch, RestoreContext context, PuppetPlaces places, SharedMemoryRecord memory, int fd)
    {
        var sealedAgainstWrites = IsWriteSealed(memory) && !memory.IsHuge;
        Arg source = fd;
        if (sealedAgainstWrites)
            source = batch.Must("opening", $"memfd {memory.Name}", Sys.open, batch.Text($"/proc/self/fd/{fd}"), FileNative.O_RDONLY | FileNative.O_CLOEXEC);
        batch.Must("mapping", $"memfd {memory.Name}", Sys.mmap, places.StagingOf(memory.ObjRef), places.Plan[memory.ObjRef].Length,
            sealedAgainstWrites ? ProtRead : ProtReadWrite, MapShared | (memory.IsHuge ? MapNoReserve : NoReserve(places.Plan, memory.ObjRef)) | MapFixedNoReplace, source, 0);
        foreach (var (key, range) in places.Plan.Private)
            if (FindVma(context, key) is { } vma && vma.ObjRef == memory.ObjRef)
                MapApart(batch, memory, vma, places.Staging.Start + range.Start, fd, source);
        if (sealedAgainstWrites)
            batch.Must("closing", $"memfd {memory.Name}", Sys.close, source);
    }

    private static void MapApart(SyscallBatch batch, SharedMemoryRecord memory, VmaRecord vma, ulong at, int fd, Arg source)
    {
        var what = $"memfd {memory.Name}";
        var reading = vma.IsShared ? batch.Must("opening", what, Sys.open, batch.Text($"/proc/self/fd/{fd}"), FileNative.O_RDONLY | FileNative.O_CLOEXEC) : source;
        batch.Must("mapping", what, Sys.mmap, at, vma.Length, vma.IsShared ? ProtRead : ProtReadWrite,
            (vma.IsShared ? MapShared : MapPrivate) | ((vma.Flags & VmFlags.NoReserve) != 0 ? MapNoReserve : 0) | MapFixedNoReplace, reading, vma.PageOffset * ImageFormat.PageSize);
        if (vma.IsShared)
            batch.Must("closing", what, Sys.close, reading);
    }

    private static int NoReserve(StagingPlan plan, uint objRef) => plan.IsReserved(objRef) ? 0 : MapNoReserve;

    private static VmaRecord? FindVma(RestoreContext context, (int VPid, ulong Start) key)
    {
        var layout = context.States.Get<MemoryLayouts>().Of(context.Image.FindTask(key.VPid)!);
        return layout is null ? null : layout.Mappings[layout.FirstEndingAfter(key.Start)].Vma;
    }

    /// <summary>Not so with F_SEAL_FUTURE_WRITE, which leaves mappings writable that were.</summary>
    internal static bool IsWriteSealed(SharedMemoryRecord memory) => (memory.Seals & SharedMemoryRecord.SealWrite) != 0;
}
