using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Reads the descriptors of a task from /proc, without touching the task.</summary>
public static class DescriptorReader
{
    private const string DeletedMark = " (deleted)";

    /// <summary>A table of at least so many descriptors is read by two threads.</summary>
    private const int ManyDescriptors = 128;

    /// <summary>All descriptors, ascending. Those that are closed meanwhile are left out; empty when the task is gone.</summary>
    /// <exception cref="CrKernelException">No ptrace access to the task.</exception>
    public static List<Descriptor> Read(ProcReader proc, int pid)
    {
        var numbers = new List<int>();
        ProcFd.TryList(proc, pid, numbers);
        var prefix = MountPrefix(proc, pid);
        var found = new Descriptor?[numbers.Count];
        if (numbers.Count >= ManyDescriptors && Environment.ProcessorCount > 1)
            ReadTwofold(proc, pid, numbers, prefix, found);
        else
            Read(proc, pid, numbers, prefix, found, 0, numbers.Count);
        var list = new List<Descriptor>(found.Length);
        foreach (var d in found)
            if (d is not null)
                list.Add(d);
        return list;
    }

    private static void Read(ProcReader proc, int pid, List<int> numbers, string prefix, Descriptor?[] into, int start, int end)
    {
        for (var i = start; i < end; i++)
            into[i] = TryRead(proc, pid, numbers[i], prefix);
    }

    private static void ReadTwofold(ProcReader proc, int pid, List<int> numbers, string prefix, Descriptor?[] into)
    {
        var middle = numbers.Count / 2;
        var other = Task.Run(() =>
        {
            using var own = new ProcReader();
            Read(own, pid, numbers, prefix, into, middle, numbers.Count);
        });
        try
        {
            Read(proc, pid, numbers, prefix, into, 0, middle);
        }
        catch
        {
            Task.WaitAny(other);
            throw;
        }
        other.GetAwaiter().GetResult();
    }

    /// <summary>A descriptor of this process that stands for one in flight to a task.</summary>
    /// <param name="task">The task whose message holds it, and whose mounts its name is seen by.</param>
    public static Descriptor ReadHeld(OwnDescriptor own, int task)
    {
        // Numbers of this process come and go, so nothing that was read of them before counts.
        using var anew = new ProcReader();
        return TryRead(anew, Environment.ProcessId, own.Number, MountPrefix(anew, task)) is { } d
            ? d with { TaskPid = task }
            : throw new CrTargetException("CrHeldUnreadable", $"Task {task}: a descriptor in flight to it cannot be looked at.") { Pid = task };
    }

    private static Descriptor? TryRead(ProcReader proc, int pid, int fd, string prefix)
    {
        if (!ProcFd.TryReadTarget(proc, pid, fd, out var target)
            || !ProcFd.TryReadInfo(proc, pid, fd, out var info, out var rest))
            return null;
        // Descriptors of ordinary files have nothing more to say: no array for each.
        var details = rest.IsEmpty ? [] : rest.ToArray();
        if (FileStatus.ReadDescriptor(pid, fd, out var status) != Errno.None)
            return null;
        var place = Place(ref target, status, prefix);
        // A socket's file behind O_PATH is no socket that could be asked.
        var socket = status.IsSocket && (info.Flags & OpenFlags.Path) == 0 ? Sockets.SocketIdentity.Of(pid, fd) : null;
        return new Descriptor(pid, fd, target, place, info, status, details) { Socket = socket };
    }

    /// <summary>Says where a name leads, and takes the kernel's " (deleted)" off where it is not part of the name.</summary>
    /// <param name="prefix">See <see cref="MountPrefix"/>.</param>
    public static NamePlace Place(ref string name, in FileStatus status, string prefix)
    {
        if (name.Length == 0 || name[0] != '/')
            return NamePlace.Nameless;
        // O_PATH with O_NOFOLLOW can name a symbolic link itself.
        if (FileStatus.Read(prefix + name, out var there, follow: !status.IsSymbolicLink) == Errno.None && IsSame(there, status))
            return NamePlace.Leads;
        if (!name.EndsWith(DeletedMark, StringComparison.Ordinal))
            return NamePlace.Elsewhere;
        name = name[..^DeletedMark.Length];
        // A directory keeps its own "." until the last user is gone; nlink is 0 all the same once it is removed.
        return status.LinkCount == 0 ? NamePlace.Deleted : NamePlace.Unlinked;
    }

    private static bool IsSame(in FileStatus a, in FileStatus b) => a.Device == b.Device && a.Inode == b.Inode;

    /// <summary>
    /// What goes before a task's absolute names to reach them from here: nothing in this process's mount namespace, the
    /// task's root elsewhere. The kernel gives names from the root of this process, or of the task's mount namespace (d_path).
    /// </summary>
    public static string MountPrefix(ProcReader proc, int pid)
    {
        if (!proc.TryReadLink(pid, "ns/mnt"u8, out var theirs))
            return "";
        var copy = theirs.ToArray();
        return proc.TryReadLink(Environment.ProcessId, "ns/mnt"u8, out var own) && own.SequenceEqual(copy) ? "" : $"/proc/{pid}/root";
    }
}
