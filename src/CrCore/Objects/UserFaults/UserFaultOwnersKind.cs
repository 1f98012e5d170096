using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrCore.Remote;

namespace CrCore.Objects.UserFaults;

/// <summary>
/// Of whose memory a userfaultfd is that handles nothing: pages are moved only within the memory of who asks, so a task that asks by one
/// of another's memory is told EINVAL; by one of its own, that there is nothing to move (userfaultfd_move in fs/userfaultfd.c, Linux 6.8).
/// </summary>
internal sealed class UserFaultOwnersKind : IAsksTask
{
    /// <summary>Lower addresses are refused in any memory (vm.mmap_min_addr).</summary>
    private const ulong Lowest = 1 << 20;

    public IEnumerable<RecordType> Records => [];

    public Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task)
    {
        var idle = context.States.Get<UserFaultSearch>().Idle.FindAll(i => i.Pid == task.Pid);
        if (idle.Count == 0)
            return null;
        List<Slot>? asked = null;
        return batch =>
        {
            if (asked is not null)
            {
                for (var i = 0; i < idle.Count; i++)
                    if (batch.ErrnoOf(asked[i]) == Errno.ENOENT)
                        idle[i].What.Pid = task.Pid;
                return false;
            }
            var nothing = Nothing(context.Proc, task.Pid);
            asked = idle.ConvertAll(i => batch.Try(Sys.ioctl, i.Fd, UffdMove.Request, batch.In(new UffdMove { Destination = nothing, Source = nothing + ImageFormat.PageSize, Length = ImageFormat.PageSize })));
            return true;
        };
    }

    /// <summary>Two pages where nothing is mapped.</summary>
    private static ulong Nothing(ProcReader proc, int pid)
    {
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(proc, pid, mappings);
        foreach (var gap in AddressPlan.Gaps(new AddressRange(Lowest, AddressPlan.FourLevelEnd), [.. mappings.Where(m => m.Start >= Lowest && m.End <= AddressPlan.FourLevelEnd).Select(m => new AddressRange(m.Start, m.End))]))
            if (gap.Length >= 2 * ImageFormat.PageSize)
                return gap.Start;
        throw new CrTargetException("CrUserFault", $"Task {pid} has no two pages where nothing is mapped.") { Pid = pid };
    }
}
