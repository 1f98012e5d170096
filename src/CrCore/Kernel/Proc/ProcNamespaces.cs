namespace CrCore.Kernel;

/// <summary>The kinds of namespaces(7), in the order in which they are listed here.</summary>
public enum NamespaceKind
{
    Cgroup,
    Ipc,
    Mount,
    Network,
    Pid,
    /// <summary>Where the task's next children will be; it is the task's own unless it called unshare or setns.</summary>
    PidForChildren,
    Time,
    TimeForChildren,
    User,
    Uts,
}

/// <summary>/proc/PID/ns (namespaces(7)): links like <c>pid:[4026531836]</c>.</summary>
public static class ProcNamespaces
{
    public const int Count = 10;

    /// <summary>The name below /proc/PID/ns.</summary>
    public static ReadOnlySpan<byte> FileName(NamespaceKind kind) => kind switch
    {
        NamespaceKind.Cgroup => "cgroup"u8,
        NamespaceKind.Ipc => "ipc"u8,
        NamespaceKind.Mount => "mnt"u8,
        NamespaceKind.Network => "net"u8,
        NamespaceKind.Pid => "pid"u8,
        NamespaceKind.PidForChildren => "pid_for_children"u8,
        NamespaceKind.Time => "time"u8,
        NamespaceKind.TimeForChildren => "time_for_children"u8,
        NamespaceKind.User => "user"u8,
        _ => "uts"u8,
    };

    /// <summary>
    /// The inode number that identifies a task's namespace among those of its kind. False, and 0, when the task is gone or
    /// has none of the kind: not built in, or a zombie, which has left all but its pid and user namespaces.
    /// </summary>
    /// <exception cref="CrKernelException">No ptrace access to the task (EACCES).</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, NamespaceKind kind, out ulong inode)
    {
        Span<byte> name = stackalloc byte[32];
        "ns/"u8.CopyTo(name);
        var file = FileName(kind);
        file.CopyTo(name[3..]);
        inode = 0;
        if (!reader.TryReadLink(dir, name[..(3 + file.Length)], out var target))
            return false;
        var at = target.IndexOf("["u8);
        var number = new TextCursor(target[(at + 1)..]);
        inode = number.Unsigned();
        return at > 0 && !number.Failed ? true : throw KernelError.BadText($"{dir}/ns", dir.Task);
    }

    /// <summary>
    /// The inode number of the user namespace that owns a task's namespace (NS_GET_USERNS, ioctl_nsfs(2)); 0 where it cannot be told: the
    /// task is gone, or the owner is outside of this program's reach.
    /// </summary>
    public static ulong OwnerOf(int pid, NamespaceKind kind)
    {
        const int getUserNamespace = 0xb701;
        using var own = OwnDescriptor.Open($"/proc/{pid}/ns/{System.Text.Encoding.ASCII.GetString(FileName(kind))}", FileNative.O_RDONLY, out _);
        if (own is null || Libc.Syscall(Sys.ioctl, own.Number, getUserNamespace) is var fd && fd < 0)
            return 0;
        using var owner = OwnDescriptor.Adopt((int)fd);
        return FileStatus.ReadOwn(owner.Number, out var status) == Errno.None ? status.Inode : 0;
    }

    /// <summary>Reads all of a task's namespaces by <see cref="NamespaceKind"/>, 0 for one that it has not; false when the task is gone.</summary>
    /// <param name="inodes">At least <see cref="Count"/> entries.</param>
    /// <param name="held">This program holds the task stopped: a thread can be asked by its number alone.</param>
    /// <exception cref="CrKernelException">No ptrace access to the task (EACCES).</exception>
    public static bool TryReadAll(ProcReader reader, TaskDir dir, Span<ulong> inodes, bool held = false)
    {
        if (reader.Facts is { } facts && facts.TryGetNamespaces(dir, out var known))
        {
            known.CopyTo(inodes);
            return true;
        }
        if (!(dir.Tid != 0 && dir.Tid != dir.Pid ? TryReadThread(reader, dir, inodes, held) : TryReadEach(reader, dir, inodes)))
            return false;
        reader.Facts?.AddNamespaces(dir, inodes[..Count]);
        return true;
    }

    private static bool TryReadEach(ProcReader reader, TaskDir dir, Span<ulong> inodes)
    {
        var any = false;
        for (var i = 0; i < Count; i++)
            any |= TryRead(reader, dir, (NamespaceKind)i, out inodes[i]);
        return any;
    }

    /// <summary>
    /// Three are the same for all threads of a process: a thread is made in the pid and
    /// user namespace of its maker (copy_process in kernel/fork.c) and in its time namespace (copy_namespaces in
    /// kernel/nsproxy.c), the first never changes, and the others only in a process of one thread (userns_install,
    /// timens_install, check_unshare_flags). Not so the mount namespace, though the threads have one working directory.
    /// </summary>
    internal static bool IsOfProcess(NamespaceKind kind) => kind is NamespaceKind.Pid or NamespaceKind.Time or NamespaceKind.User;

    /// <summary>Each link costs 2.5 µs, and the first look at it as much again.</summary>
    private static bool TryReadThread(ProcReader reader, TaskDir dir, Span<ulong> inodes, bool held)
    {
        if (!TryReadAll(reader, dir.Pid, inodes))
            return false;
        if (held && ThreadNamespaces.TryAsk(dir.Tid, inodes))
            return true;
        var any = false;
        for (var i = 0; i < Count; i++)
            if (!IsOfProcess((NamespaceKind)i))
                any |= TryRead(reader, dir, (NamespaceKind)i, out inodes[i]);
        // Without a link for its children's pids it may have ended between two looks: it has none at all then.
        if (any && inodes[(int)NamespaceKind.PidForChildren] == 0)
            TryRead(reader, dir, NamespaceKind.User, out inodes[(int)NamespaceKind.User]);
        return any;
    }
}
