using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>
/// A puppet's large mappings while they are filled: registered with a userfaultfd, which takes pages in faster than a
/// write does. Where the kernel would use huge pages it is left to do so. Gone before anything else happens in the puppet.
/// </summary>
internal sealed class PageArrivals : IDisposable
{
    /// <summary>Mappings worth it, in bytes.</summary>
    private const ulong Large = 2 << 20;

    private readonly RestoringTask _task;
    private readonly int _number;
    private readonly OwnDescriptor _descriptor;
    private readonly bool[] _registered;

    private PageArrivals(RestoringTask task, int number, OwnDescriptor descriptor, bool[] registered)
        => (_task, _number, _descriptor, _registered) = (task, number, descriptor, registered);

    /// <summary>Registers what is worth it; null where nothing is, or where the kernel lets nobody do so.</summary>
    /// <param name="task">All is mapped.</param>
    /// <param name="layout">Its mappings.</param>
    /// <param name="hugeByDefault">Every mapping without other advice gets huge pages.</param>
    public static PageArrivals? Open(RestoringTask task, MemoryLayout layout, bool hugeByDefault)
    {
        var wanted = new List<int>();
        for (var i = 0; i < layout.Mappings.Count; i++)
            if (IsFit(layout.Mappings[i].Vma, hugeByDefault))
                wanted.Add(i);
        if (wanted.Count == 0)
            return null;
        var batch = new SyscallBatch();
        var opened = batch.Try(Sys.userfaultfd, FileNative.O_CLOEXEC | UserFaultFd.UserModeOnly);
        var hello = batch.Try(Sys.ioctl, opened, UffdApi.Request, batch.In(new UffdApi { Api = UffdApi.Version }));
        task.Remote.Run(batch);
        if (batch.ErrnoOf(opened) != Errno.None)
            return null;
        var number = (int)batch.Result(opened);
        var helloed = batch.ErrnoOf(hello);
        var registered = new bool[layout.Mappings.Count];
        for (var first = 0; first < wanted.Count && helloed == Errno.None; first += 512)
            Register(task, layout, number, wanted[first..Math.Min(wanted.Count, first + 512)], registered);
        using var process = PidFd.Open(task.Pid);
        if (helloed == Errno.None && process.TryGet(number, out _) is { } descriptor)
            return new PageArrivals(task, number, descriptor, registered);
        Close(task, number);
        return null;
    }

    /// <summary>Takes pages of one mapping in, as many as the kernel takes.</summary>
    /// <param name="mapping">Its index in the layout.</param>
    /// <param name="address">The first page.</param>
    /// <param name="pages">Their bytes.</param>
    /// <returns>Bytes taken: 0 where the mapping is not registered.</returns>
    public int Take(int mapping, ulong address, ReadOnlySpan<byte> pages)
        => _registered[mapping] ? UserFaultFd.Copy(_descriptor, address, pages) : 0;

    public void Dispose()
    {
        // The last of the two descriptors ends the registration (userfaultfd_release in fs/userfaultfd.c).
        _descriptor.Dispose();
        Close(_task, _number);
    }

    private static void Close(RestoringTask task, int number)
    {
        var batch = new SyscallBatch();
        batch.Must("closing", "userfaultfd", Sys.close, number);
        task.Remote.Run(batch);
    }

    private static void Register(RestoringTask task, MemoryLayout layout, int number, List<int> mappings, bool[] registered)
    {
        var batch = new SyscallBatch();
        var slots = new Slot[mappings.Count];
        for (var i = 0; i < slots.Length; i++)
        {
            var vma = layout.Mappings[mappings[i]].Vma;
            slots[i] = batch.Try(Sys.ioctl, number, UffdRegister.Request, batch.In(new UffdRegister { Start = vma.Start, Length = vma.Length, Mode = UffdRegister.Missing }));
        }
        task.Remote.Run(batch);
        for (var i = 0; i < slots.Length; i++)
            registered[mappings[i]] = batch.ErrnoOf(slots[i]) == Errno.None;
    }

    private static bool IsFit(VmaRecord vma, bool hugeByDefault)
    {
        const VmFlags unfit = VmFlags.HugePage | VmFlags.HugeTlb | VmFlags.GrowsDown | VmFlags.Droppable;
        return vma.Kind == VmaType.Anonymous && !vma.IsShared && vma.Length >= Large && (vma.Flags & unfit) == 0
            && (!hugeByDefault || (vma.Flags & VmFlags.NoHugePage) != 0) && (MappingFlags.WhileFilling(vma) & MemoryProtection.Write) != 0;
    }
}
