using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Pipes;

/// <summary>What holds an end of a pipe outside of the tree, and what then becomes of it.</summary>
internal static class OutsideEnds
{
    private const int PollErr = 8, PollHup = 16;

    public static void Inspect(DescriptorInspection inspection, Descriptor d, string what)
    {
        var holders = inspection.Outside.Of(d.LinkText);
        if (holders.Count > 0)
            Tell(inspection, d, $"the {what} is also held by {string.Join(", ", holders)} outside of the tree");
        else if (inspection.Outside.Unreadable > 0 && HasUnseenPeer(inspection, d))
            Tell(inspection, d, $"the {what}'s other end is held by a process that this user may not look into");
    }

    private static void Tell(DescriptorInspection inspection, Descriptor d, string reason)
    {
        switch (inspection.Options.ExternalPipe)
        {
            case ExternalPipePolicy.Close:
                inspection.Warn(d, "CrExternalPipe", reason + "; it is restored without that end");
                break;
            case ExternalPipePolicy.Null:
                inspection.Warn(d, "CrExternalPipe", reason + "; it is restored as /dev/null");
                break;
            default:
                inspection.Refuse(d, "CrExternalPipe", reason, "Checkpoint that process too, or choose with -ExternalPipe what becomes of it (Close or Null).");
                break;
        }
    }

    public static bool Has(DescriptorCapture capture, Descriptor d) => capture.OutsidePipes.Of(d.LinkText).Count > 0;

    /// <summary>The kernel says whether the other end is open at all: if so, and nobody in the tree has it, somebody unseen does.</summary>
    private static bool HasUnseenPeer(DescriptorInspection inspection, Descriptor d)
    {
        if (d.CanRead == d.CanWrite || inspection.MayBeInFlight)
            return false;
        foreach (var other in inspection.All.Concat(inspection.Held.All))
            if (other.Name == d.Name && (d.CanRead ? other.CanWrite : other.CanRead))
                return false;
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        return own is not null && (d.CanRead ? HasWriter(own) : (own.PollNow(0) & PollErr) == 0);
    }

    /// <summary>
    /// Copying from an empty pipe would have to wait only if somebody could still write (ipipe_prep in fs/splice.c). poll(2)
    /// says it of a pipe with contents, but not where no writer came since the reader did (pipe_poll in fs/pipe.c).
    /// </summary>
    private static bool HasWriter(OwnDescriptor reader)
    {
        if (reader.Available > 0)
            return (reader.PollNow(0) & PollHup) == 0;
        var (read, write) = OwnDescriptor.MakePipe();
        using (read)
        using (write)
            return reader.Tee(write, 1) == -(int)Errno.EAGAIN;
    }
}
