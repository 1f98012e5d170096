using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>What is due once all pages are in place: rights, locks and seals, and the staging area goes.</summary>
internal sealed class FilledMemoryKind : IRestoresTask
{
    private const int MlockOnFault = 1, FAddSeals = 1033;

    /// <summary>mseal(2), Linux 6.10.</summary>
    private const Sys Mseal = (Sys)462;

    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Filled;

    public bool StepComesFirst => false;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        if (context.States.Get<MemoryLayouts>().Of(task.Image) is not { } layout)
            return null;
        var places = context.States.Get<PuppetPlaces>();
        // As a rule all of it travels with what other kinds have to say; a long list goes in batches of its own.
        var fits = batch.ArenaBytes + CountCalls(layout) * 160 <= task.Remote.ArenaSize;
        var calls = fits ? batch : new SyscallBatch();
        calls.Must("unmapping the staging area", null, Sys.munmap, places.Staging.Start, places.Staging.Length);
        foreach (var (vma, _) in layout.Mappings)
        {
            if (!fits && calls.ArenaBytes + 1024 > task.Remote.ArenaSize)
            {
                task.Remote.Run(calls);
                calls.Reset();
            }
            Add(calls, vma);
        }
        if (!fits)
            task.Remote.Run(calls);
        return IsLast(context, task) ? () => Seal(context) : null;
    }

    private static void Add(SyscallBatch batch, VmaRecord vma)
    {
        if (vma.IsSpecial)
            return;
        if (MappingFlags.IsProtectedLate(vma))
            batch.Must("protecting", vma, Sys.mprotect, vma.Start, vma.Length, (int)vma.Protection);
        if ((vma.Flags & VmFlags.Locked) != 0)
            Lock(batch, vma, (vma.Flags & VmFlags.LockOnFault) != 0 ? MlockOnFault : 0);
        if ((vma.Flags & VmFlags.Sealed) != 0)
            batch.Must("sealing", vma, Mseal, vma.Start, vma.Length, 0);
    }

    /// <summary>
    /// A mapping that nobody may touch is locked, too, although the call says ENOMEM: it sets the flag first and then
    /// fails to bring the pages in (do_mlock in mm/mlock.c).
    /// </summary>
    private static void Lock(SyscallBatch batch, VmaRecord vma, int flags)
    {
        if (vma.Protection == MemoryProtection.None)
            batch.Try(Sys.mlock2, vma.Start, vma.Length, flags);
        else
            batch.Must("locking", vma, Sys.mlock2, vma.Start, vma.Length, flags);
    }

    /// <summary>An upper bound.</summary>
    private static long CountCalls(MemoryLayout layout)
    {
        long count = 1;
        foreach (var (vma, _) in layout.Mappings)
            count += (MappingFlags.IsProtectedLate(vma) ? 1 : 0) + ((vma.Flags & VmFlags.Locked) != 0 ? 1 : 0) + ((vma.Flags & VmFlags.Sealed) != 0 ? 1 : 0);
        return count;
    }

    private static bool IsLast(RestoreContext context, RestoringTask task)
    {
        for (var i = context.Tasks.Count - 1; i >= 0; i--)
            if (!context.Tasks[i].IsZombie)
                return ReferenceEquals(task, context.Tasks[i]);
        return false;
    }

    /// <summary>Memory files get their seals when no task has a staging area any more: a writable mapping would refuse F_SEAL_WRITE.</summary>
    private static void Seal(RestoreContext context)
    {
        var files = context.States.Get<RestoredMemoryFiles>().Files;
        foreach (var (objRef, file) in files)
        {
            var memory = context.Image.Object<SharedMemoryRecord>(objRef);
            if (memory.Seals is not (0 or SharedMemoryRecord.SealSeal))
            {
                var r = Libc.Syscall(Sys.fcntl, file.Number, FAddSeals, memory.Seals);
                if (r < 0)
                    throw KernelError.Create("CrSealFailed", $"Sealing the memory file {memory.Name}", Libc.ErrnoOf(r), on: memory.Name);
            }
            file.Dispose();
        }
        files.Clear();
    }
}
