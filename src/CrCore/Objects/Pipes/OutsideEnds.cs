using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;

namespace CrCore.Objects.Pipes;

/// <summary>What holds an end of a pipe outside of the tree, and what then becomes of it.</summary>
internal static class OutsideEnds
{
    private const int PollErr = 8, PollHup = 16;

    public static void Inspect(DescriptorInspection inspection, Descriptor d, string what)
    {
        var holders = inspection.Outside.Of(d.LinkText);
        if (holders.Count > 0)
            Tell(inspection, d, holders, $"the {what} is also held by {string.Join(", ", holders)} outside of the tree");
        else if (inspection.Outside.Unreadable > 0 && HasUnseenPeer(inspection, d))
            Tell(inspection, d, holders, $"the {what}'s other end is held by a process that this user may not look into");
    }

    private static void Tell(DescriptorInspection inspection, Descriptor d, IReadOnlyList<Holder> holders, string reason)
    {
        var found = inspection.Context.States.Get<Found>().Pipes;
        if (!found.TryGetValue(d.LinkText, out var isReadOutside))
            found.Add(d.LinkText, isReadOutside = IsRead(inspection.Context.Proc, d.LinkText, holders));
        switch (inspection.Options.ExternalPipe)
        {
            case ExternalPipePolicy.Close:
                inspection.Warn(d, "CrExternalPipe", reason + "; it is restored without that end");
                break;
            case ExternalPipePolicy.Null:
                inspection.Warn(d, "CrExternalPipe", reason + "; it is restored as /dev/null");
                break;
            case ExternalPipePolicy.Given:
                inspection.Warn(d, "CrExternalPipe", $"{reason}; another one must be given at the restore (-Descriptor){(d.CanRead && isReadOutside ? ", and what waits in this one is left to who can read it there" : "")}");
                break;
            default:
                inspection.Refuse(d, "CrExternalPipe", reason, "Checkpoint that process too, or choose with -ExternalPipe what becomes of it (Close, Null or Given).");
                break;
        }
    }

    /// <summary>How an end is saved whose pipe is held outside, by the user's choice; null when it is saved as any other.</summary>
    public static SavedForm? Chosen(DescriptorCapture capture, Descriptor d, FdType type)
    {
        if (!capture.Context.States.Get<Found>().Pipes.TryGetValue(d.LinkText, out var isReadOutside))
            return null;
        return capture.Options.ExternalPipe switch
        {
            ExternalPipePolicy.Null => SavedForm.NullDevice,
            ExternalPipePolicy.Given => ToBeGiven(capture, d, type, isReadOutside),
            _ => null,
        };
    }

    /// <summary>What waits in it belongs to who can read it: goes with the first such end, unless others outside can.</summary>
    private static SavedForm ToBeGiven(DescriptorCapture capture, Descriptor d, FdType type, bool isReadOutside)
    {
        ICrRecord[] own = [new GivenRecord(type, GivenForm.File)];
        if (!d.CanRead || isReadOutside)
            return new(FdType.Given, d.Name, Records: own);
        var objRef = capture.Shared.Reference(("pipe to be given", d.Status.Device, d.Status.Inode), out var first);
        return new(FdType.Given, d.Name, objRef, first ? own.Concat(PipeContents.Read(capture, d, objRef)) : own);
    }

    private static bool IsRead(ProcReader proc, string pipe, IReadOnlyList<Holder> holders)
    {
        var numbers = new List<int>();
        foreach (var holder in holders)
        {
            numbers.Clear();
            ProcFd.TryList(proc, holder.Pid, numbers);
            foreach (var fd in numbers)
                if (ProcFd.TryReadTarget(proc, holder.Pid, fd, out var target) && target == pipe
                    && ProcFd.TryReadInfo(proc, holder.Pid, fd, out var info, out _) && OpenFlags.CanRead(info.Flags))
                    return true;
        }
        return false;
    }

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

    /// <summary>The pipes that preflight found, by their links' text, and whether anybody outside can read from them.</summary>
    private sealed class Found
    {
        public Dictionary<string, bool> Pipes { get; } = [];
    }
}
