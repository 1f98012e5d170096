using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Pipes;

/// <summary>What holds an end of a pipe outside of the tree, and what then becomes of it.</summary>
internal static class OutsideEnds
{
    private const int PollErr = 8, PollHup = 16;

    public static void Inspect(DescriptorInspection inspection, Descriptor d, string what)
    {
        var holders = inspection.Outside.Of(d.Name);
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

    public static bool Has(DescriptorCapture capture, Descriptor d) => capture.OutsidePipes.Of(d.Name).Count > 0;

    /// <summary>The kernel says whether the other end is open at all: if so, and nobody in the tree has it, somebody unseen does.</summary>
    private static bool HasUnseenPeer(DescriptorInspection inspection, Descriptor d)
    {
        if (d.CanRead == d.CanWrite)
            return false;
        foreach (var other in inspection.All)
            if (other.Name == d.Name && (d.CanRead ? other.CanWrite : other.CanRead))
                return false;
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        return own is not null && (own.PollNow(0) & (d.CanRead ? PollHup : PollErr)) == 0;
    }
}
