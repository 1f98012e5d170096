using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Reads the descriptors of a task from /proc, without touching the task.</summary>
internal static class DescriptorReader
{
    private const string DeletedMark = " (deleted)";

    /// <summary>A table of at least so many descriptors is read by two threads.</summary>
    private const int ManyDescriptors = 128;

    /// <summary>All descriptors, ascending. Those that are closed meanwhile are left out; empty when the task is gone.</summary>
    /// <param name="before">See <see cref="KnownDescriptors"/>; ascending.</param>
    /// <param name="root">See <see cref="KnownDescriptors.Root"/>.</param>
    /// <exception cref="CrKernelException">No ptrace access to the task.</exception>
    public static List<Descriptor> Read(ProcReader proc, int pid, DescriptorLook look, IReadOnlyList<Descriptor>? before = null, int root = 0)
    {
        var numbers = new List<int>();
        ProcFd.TryList(proc, pid, numbers);
        if (numbers.Count == 0 || !ProcFdFolder.TryOpen(pid, out var folder))
            return [];
        using (folder)
        using (var task = look == DescriptorLook.Frozen ? PidFd.Open(pid) : null)
        {
            var table = new DescriptorTable(folder!, pid, MountPrefix(proc, pid), look == DescriptorLook.Glimpse, task, before ?? []) { Root = root == pid ? 0 : root };
            var found = new Descriptor?[numbers.Count];
            if (numbers.Count >= ManyDescriptors && Environment.ProcessorCount > 1)
                ReadTwofold(table, proc, numbers, found);
            else
                table.Read(proc, numbers, found, 0, numbers.Count);
            var list = new List<Descriptor>(found.Length);
            foreach (var d in found)
                if (d is not null)
                    list.Add(d);
            return list;
        }
    }

    private static void ReadTwofold(DescriptorTable table, ProcReader proc, List<int> numbers, Descriptor?[] into)
    {
        var middle = numbers.Count / 2;
        var other = Task.Run(() =>
        {
            using var own = new ProcReader();
            table.Read(own, numbers, into, middle, numbers.Count);
        });
        try
        {
            table.Read(proc, numbers, into, 0, middle);
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
        var found = new Descriptor?[1];
        if (ProcFdFolder.TryOpen(Environment.ProcessId, out var folder))
            using (folder)
                new DescriptorTable(folder!, Environment.ProcessId, MountPrefix(anew, task), isGlimpse: false, null, []).Read(anew, [own.Number], found, 0, 1);
        return found[0] is { } d
            ? d with { TaskPid = task }
            : throw new CrTargetException("CrHeldUnreadable", $"Task {task}: a descriptor in flight to it cannot be looked at.") { Pid = task };
    }

    /// <summary>Says where a name leads, and takes the kernel's " (deleted)" off where it is not part of the name.</summary>
    /// <param name="prefix">See <see cref="MountPrefix"/>.</param>
    public static NamePlace Place(ref string name, in FileStatus status, string prefix)
    {
        if (name.Length == 0 || name[0] != '/')
            return NamePlace.Nameless;
        // O_PATH with O_NOFOLLOW can name a symbolic link itself.
        if (LeadsTo(name, status, prefix))
            return NamePlace.Leads;
        if (!name.EndsWith(DeletedMark, StringComparison.Ordinal))
            return NamePlace.Elsewhere;
        name = name[..^DeletedMark.Length];
        // A directory keeps its own "." until the last user is gone; nlink is 0 all the same once it is removed.
        return status.LinkCount == 0 ? NamePlace.Deleted : NamePlace.Unlinked;
    }

    /// <summary>Whether a task's absolute name leads to an object.</summary>
    public static bool LeadsTo(string name, in FileStatus status, string prefix)
        => FileStatus.Read(prefix + name, out var there, follow: !status.IsSymbolicLink) == Errno.None && (there.Device, there.Inode) == (status.Device, status.Inode);

    /// <summary>
    /// What goes before a task's absolute names to reach them from here: nothing in this process's mount namespace, the
    /// task's root elsewhere. The kernel gives names from the root of this process, or of the task's mount namespace (d_path):
    /// of a task with a root of its own (chroot) those of the nearest ancestor who has none.
    /// </summary>
    public static string MountPrefix(ProcReader proc, int pid)
    {
        if (!proc.TryReadLink(pid, "ns/mnt"u8, out var link))
            return "";
        var theirs = link.ToArray();
        if (IsIn(proc, Environment.ProcessId, theirs))
            return "";
        var viewer = pid;
        while (HasOwnRoot(proc, viewer))
            if (ProcStatus.TryRead(proc, viewer, out var status) && status.ParentPid > 0 && IsIn(proc, status.ParentPid, theirs))
                viewer = status.ParentPid;
            else
                return $"/proc/{pid}/root";
        return $"/proc/{viewer}/root";
    }

    private static bool HasOwnRoot(ProcReader proc, int pid) => ProcLinks.TryRead(proc, pid, TaskLink.Root, out var root) && root != "/";

    private static bool IsIn(ProcReader proc, int pid, ReadOnlySpan<byte> mountNamespace)
    {
        try
        {
            return proc.TryReadLink(pid, "ns/mnt"u8, out var own) && own.SequenceEqual(mountNamespace);
        }
        catch (CrKernelException e) when (e.Errno == Errno.EACCES)
        {
            // An ancestor outside of the tree that this process may not look at.
            return false;
        }
    }
}
