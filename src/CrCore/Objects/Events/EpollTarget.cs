using System.Globalization;
using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>A target of a live epoll instance, as fdinfo tells of it (ep_show_fdinfo in fs/eventpoll.c).</summary>
/// <param name="Number">The descriptor number that it was added under.</param>
/// <param name="Offset">Which of the targets under that number, from 0: the numbers of closed descriptors are used again.</param>
/// <param name="Inode">Of the target's file.</param>
internal readonly record struct EpollTarget(int Number, int Offset, uint Events, ulong Data, ulong Inode)
{
    /// <summary>Lines of the form "tfd: 5 events: 19 data: 5 pos:0 ino:40e sdev:10".</summary>
    public static List<EpollTarget> Of(Descriptor epoll)
    {
        var targets = new List<EpollTarget>();
        var seen = new Dictionary<int, int>();
        foreach (var line in Encoding.ASCII.GetString(epoll.Details).Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["tfd:", var number, "events:", var events, "data:", var data, _, var inode, ..])
                continue;
            var n = int.Parse(number, CultureInfo.InvariantCulture);
            var offset = seen[n] = seen.TryGetValue(n, out var last) ? last + 1 : 0;
            targets.Add(new(n, offset, (uint)Hex(events), Hex(data), Hex(inode["ino:".Length..])));
        }
        return targets;
    }

    /// <summary>A descriptor onto the target, of those given; null when none of them is one.</summary>
    public Descriptor? FindHolder(Descriptor epoll, IReadOnlyList<Descriptor> candidates)
    {
        // Nearly always it is still where it was when it was added; eventfds, timerfds and their like all have one inode.
        foreach (var d in candidates)
            if (d.Pid == epoll.Pid && d.Fd == Number && IsHeldBy(epoll, d))
                return d;
        foreach (var d in candidates)
            if (d.Status.Inode == Inode && IsHeldBy(epoll, d))
                return d;
        return null;
    }

    /// <summary>
    /// Whether a target of a tree that runs is still one, and what stands under its number now is not it: a server that accepts
    /// and closes connections all the time has others in its instance than in the table that was read a moment before.
    /// </summary>
    public bool IsUnheldStill(Descriptor epoll)
    {
        try
        {
            return !Kcmp.IsEpollTarget(epoll.Pid, Number, epoll.Pid, epoll.Fd, Number, Offset);
        }
        catch (CrKernelException e) when (e.Errno is Errno.ENOENT or Errno.ESRCH)
        {
            return false;
        }
        catch (CrKernelException e) when (e.Errno == Errno.EBADF)
        {
            using var live = new ProcReader();
            return ProcFd.TryReadInfo(live, epoll.Pid, epoll.Fd, out _, out var now) && Of(epoll with { Details = now.ToArray() }).Contains(this);
        }
    }

    private bool IsHeldBy(Descriptor epoll, Descriptor d)
    {
        try
        {
            return Kcmp.IsEpollTarget(d.Pid, d.Fd, epoll.Pid, epoll.Fd, Number, Offset);
        }
        catch (CrKernelException e) when (e.Errno is Errno.ENOENT or Errno.EBADF or Errno.ESRCH)
        {
            // In preflight the tree still runs: one of the two was closed meanwhile.
            return false;
        }
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
