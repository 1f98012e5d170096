using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>
/// Adds the calls that map a layout, mapping by mapping. The segments of one file follow each other, so that each
/// file is opened once. Runs the batch and starts a new one where the puppet's arena is too small for all.
/// </summary>
/// <param name="kept">What stands already.</param>
internal sealed class MapCalls(RestoreContext context, RestoringTask task, PuppetPlaces places, KeptMemory kept, SyscallBatch batch, int arenaLimit)
{
    private const int MremapMayMove = 1, MremapFixed = 2, DontNeed = 4;
    private const int ProtReadWrite = 3, ProtRead = 1;
    private const int PrSetVma = 0x53564d41, PrSetVmaAnonName = 0;

    /// <summary>More than the calls and buffers of one mapping come to, its path excepted.</summary>
    private const int RoomForOne = 2048;

    private readonly List<(Slot Slot, VmaRecord Vma, string What)> _tried = [];
    private (string Path, int Access) _open;
    private Arg _fd;

    public void Add(in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        if (vma.IsSpecial)
            return;
        if (batch.ArenaBytes + RoomForOne + 2 * mapping.Path.Length > arenaLimit)
            Run();
        switch (vma.Kind)
        {
            case VmaType.Anonymous or VmaType.File when kept.Mappings.Contains(vma.Start):
                break;
            case VmaType.Anonymous:
                CloseFile();
                Map(mapping, -1, 0);
                break;
            case VmaType.File:
                OpenFile(mapping);
                Map(mapping, _fd, vma.PageOffset * ImageFormat.PageSize);
                break;
            case VmaType.MemoryFile or VmaType.SharedAnonymous when vma.IsHuge:
                OpenStaged(vma);
                Map(mapping, _fd, vma.PageOffset * ImageFormat.PageSize);
                break;
            default:
                CloseFile();
                MoveStaged(mapping);
                break;
        }
        foreach (var advice in MappingFlags.OfMadvise(vma))
            AddAdvice(vma, advice);
        if (vma.Name.Length > 0)
            Tried(batch.Try(Sys.prctl, PrSetVma, PrSetVmaAnonName, vma.Start, vma.Length, batch.Text(vma.Name)), vma, $"the name {vma.Name}");
    }

    /// <summary>Drops pages that were inherited and are not the task's.</summary>
    public void Empty(IReadOnlyList<AddressRange> ranges)
    {
        CloseFile();
        foreach (var range in ranges)
        {
            if (batch.ArenaBytes + RoomForOne > arenaLimit)
                Run();
            batch.Must("emptying", range, Sys.madvise, range.Start, range.Length, DontNeed);
        }
    }

    public void AddGuards(IReadOnlyList<AddressRange> guards)
    {
        CloseFile();
        foreach (var range in guards)
        {
            if (batch.ArenaBytes + RoomForOne > arenaLimit)
                Run();
            batch.Must("installing guard pages at", range, Sys.madvise, range.Start, range.Length, MappingFlags.GuardInstall);
        }
    }

    /// <summary>Closes what is open. The last batch is the caller's to run.</summary>
    public void Finish() => CloseFile();

    /// <summary>Looks at what could not be kept; call after each run.</summary>
    public void Conclude()
    {
        foreach (var (slot, vma, what) in _tried)
            if (batch.ErrnoOf(slot) is var errno && errno != Errno.None)
                context.Warnings.Add(new Obstacle("CrMappingAdvice", CrErrorKind.KernelRefused, ObstacleSeverity.Warning, task.VPid, task.Image.Comm,
                    vma.ToString(), $"{what} could not be given to the mapping: {errno} ({errno.Describe()})", "The program runs without it."));
        _tried.Clear();
    }

    private void Run()
    {
        CloseFile();
        task.Remote.Run(batch);
        Conclude();
        batch.Reset();
    }

    private void Map(in SavedMapping mapping, Arg fd, ulong offset)
    {
        var vma = mapping.Vma;
        batch.Must("mapping", mapping, Sys.mmap, vma.Start, vma.Length, (int)MappingFlags.WhileFilling(vma), MappingFlags.OfMmap(vma), fd, offset);
    }

    private void OpenFile(in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        // A shared mapping may be made writable later only if its file was opened for writing (do_mmap in mm/mmap.c).
        var access = vma.IsShared && (vma.Flags & VmFlags.MayWrite) != 0 ? FileNative.O_RDWR : FileNative.O_RDONLY;
        Open(Anchors.Of(context).PathOf(vma.ObjRef, FurtherNames.ForTask(context, task, mapping.Path)), access);
    }

    /// <summary>
    /// Memory of huge pages by its file, which has no name: through its mapping in the staging area (map_files of
    /// proc_pid_map_files(5), which takes CAP_CHECKPOINT_RESTORE in the initial user namespace). Whoever has a user namespace of its own
    /// cannot have that; this process opens it then, and hands it over.
    /// </summary>
    private void OpenStaged(VmaRecord vma)
    {
        var start = places.StagingOf(vma.ObjRef);
        var name = $"map_files/{start:x}-{start + places.Plan[vma.ObjRef].Length:x}";
        var access = vma.IsShared && (vma.Flags & VmFlags.MayWrite) != 0 ? FileNative.O_RDWR : FileNative.O_RDONLY;
        if (context.InUserNamespace)
            Receive(name, access);
        else
            Open($"/proc/self/{name}", access);
    }

    private void Receive(string name, int access)
    {
        if (_open == (name, access))
            return;
        CloseFile();
        using var own = OwnDescriptor.Open($"/proc/{task.Pid}/{name}", access | FileNative.O_CLOEXEC, out var errno)
            ?? throw new CrKernelException("CrSharedMemoryOpenFailed", $"Opening memory of huge pages of task {task}", errno) { Pid = task.Pid };
        _fd = DescriptorHandover.Give(task, own, name);
        _open = (name, access);
    }

    private void Open(string path, int access)
    {
        if (_open == (path, access))
            return;
        CloseFile();
        _fd = batch.Must("opening", path, Sys.open, batch.Text(path), access | FileNative.O_CLOEXEC);
        _open = (path, access);
    }

    private void CloseFile()
    {
        if (_open.Path is null)
            return;
        batch.Must("closing", _open.Path, Sys.close, _fd);
        _open = default;
    }

    /// <summary>
    /// Shared: a second mapping of the same pages (mremap(2) with an old size of 0), which may reach beyond the first.
    /// Private: the mapping itself, made for this place alone.
    /// </summary>
    private void MoveStaged(in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        var memory = context.Image.Object<SharedMemoryRecord>(vma.ObjRef);
        var readOnly = memory.Kind == SharedMemoryType.MemoryFile && SharedMemoryKind.IsWriteSealed(memory);
        var unwritable = memory.Kind == SharedMemoryType.SystemV && (vma.Flags & VmFlags.MayWrite) == 0;
        var isApart = places.Plan.Private.ContainsKey((task.VPid, vma.Start));
        var attached = unwritable || memory.IsHuge;
        if (attached)
            SystemVRestore.AddReattach(context, batch, places, vma.ObjRef, unwritable ? SystemVMemory.ReadOnly : 0);
        if (memory.IsHuge)
            batch.Must("moving a mapping to", vma, Sys.mremap, places.StagingOf(vma.ObjRef) + vma.PageOffset * ImageFormat.PageSize, vma.Length, vma.Length, MremapMayMove | MremapFixed, vma.Start);
        else if (vma.IsShared && !isApart)
            batch.Must("mapping shared memory at", vma, Sys.mremap, places.StagingOf(vma.ObjRef) + vma.PageOffset * ImageFormat.PageSize, 0, vma.Length, MremapMayMove | MremapFixed, vma.Start);
        else
            batch.Must("moving a mapping to", vma, Sys.mremap, places.Staging.Start + places.Plan.Private[(task.VPid, vma.Start)].Start, vma.Length, vma.Length, MremapMayMove | MremapFixed, vma.Start);
        if (attached)
            SystemVRestore.AddReattach(context, batch, places, vma.ObjRef, 0);
        var staged = unwritable || vma.IsShared && (readOnly || isApart) ? ProtRead : ProtReadWrite;
        if ((int)vma.Protection != staged)
            batch.Must("protecting", vma, Sys.mprotect, vma.Start, vma.Length, (int)vma.Protection);
    }

    private void AddAdvice(VmaRecord vma, int advice)
    {
        // Kernels without KSM refuse MADV_MERGEABLE; a program cannot tell the difference but by its memory use.
        if (advice == 12)
            Tried(batch.Try(Sys.madvise, vma.Start, vma.Length, advice), vma, "MADV_MERGEABLE");
        else
            batch.Must($"advising {advice} on", vma, Sys.madvise, vma.Start, vma.Length, advice);
    }

    private void Tried(Slot slot, VmaRecord vma, string what) => _tried.Add((slot, vma, what));
}
