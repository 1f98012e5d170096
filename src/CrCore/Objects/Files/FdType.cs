namespace CrCore.Objects.Files;

/// <summary>FD_DATA's fd_type: what an open file description was opened on. The first three are those of 2008.</summary>
public enum FdType : ushort
{
    /// <summary>A regular file that has a name.</summary>
    File = 1,
    /// <summary>A directory.</summary>
    Directory = 2,
    /// <summary>A symbolic link itself (O_PATH with O_NOFOLLOW).</summary>
    Link = 3,
    /// <summary>O_PATH onto anything but a symbolic link.</summary>
    Path = 4,
    /// <summary>A character device that needs nothing but to be opened.</summary>
    Device = 5,
    /// <summary>An end of a FIFO that has a name.</summary>
    Fifo = 6,
    /// <summary>An end of a pipe.</summary>
    Pipe = 7,
    /// <summary>A deleted file, saved with its contents.</summary>
    Ghost = 8,
    /// <summary>A file of memfd_create(2).</summary>
    MemoryFile = 9,
    /// <summary>A terminal from outside of the tree.</summary>
    Terminal = 10,
    /// <summary>An eventfd(2).</summary>
    EventFd = 11,
    /// <summary>A timerfd_create(2).</summary>
    TimerFd = 12,
    /// <summary>A signalfd(2).</summary>
    SignalFd = 13,
    /// <summary>An epoll(7) instance.</summary>
    Epoll = 14,
    /// <summary>An inotify(7) instance.</summary>
    Inotify = 35,
    /// <summary>A fanotify(7) group.</summary>
    Fanotify = 36,
    /// <summary>A pidfd_open(2) descriptor.</summary>
    PidFd = 37,
    /// <summary>A file below /proc/PID of a process that has ended.</summary>
    ProcGone = 38,
    /// <summary>A Unix socket (unix(7)).</summary>
    UnixSocket = 20,
    /// <summary>A socket of IPv4 or IPv6.</summary>
    InetSocket = 25,
    /// <summary>A POSIX message queue.</summary>
    MessageQueue = 39,
    /// <summary>The master of a pseudo-terminal.</summary>
    PtyMaster = 50,
    /// <summary>A slave of a pseudo-terminal whose master is in the tree.</summary>
    PtySlave = 51,
    /// <summary>/dev/tty, standing for such a slave.</summary>
    ControllingTerminal = 52,
    /// <summary>A terminal that was hung up: its other side is closed.</summary>
    HungUpTerminal = 53,
    /// <summary>A virtual console, or /dev/console.</summary>
    Console = 54,
    /// <summary>A socket of netlink(7).</summary>
    NetlinkSocket = 26,
    /// <summary>A socket of packet(7).</summary>
    PacketSocket = 27,
    /// <summary>A file of /proc/PID/ns.</summary>
    NamespaceFile = 40,
    /// <summary>A map of bpf(2).</summary>
    BpfMap = 45,
    /// <summary>A block device.</summary>
    BlockDevice = 46,
    /// <summary>A descriptor of /dev/net/tun.</summary>
    Tun = 47,
    /// <summary>A userfaultfd(2).</summary>
    UserFault = 48,
    /// <summary>Not saved: to be given at the restore.</summary>
    Given = 41,
}

/// <summary>Open flags as open(2) takes them on x86-64 (include/uapi/asm-generic/fcntl.h).</summary>
public static class OpenFlags
{
    /// <summary>O_* by their names: <see cref="AccessMode"/> is the mask of the first three (O_ACCMODE).</summary>
    public const uint
        AccessMode = 3, ReadOnly = 0, WriteOnly = 1, ReadWrite = 2,
        Create = 0x40, Exclusive = 0x80, NoControllingTerminal = 0x100, Truncate = 0x200, Append = 0x400, NonBlock = 0x800,
        Async = 0x2000, Direct = 0x4000, LargeFile = 0x8000, Directory = 0x10000, NoFollow = 0x20000, NoAccessTime = 0x40000,
        CloseOnExec = 0x80000, Path = 0x200000, TemporaryFile = 0x400000;

    /// <summary>What F_SETFL can change (SETFL_MASK in fs/fcntl.c).</summary>
    public const uint Changeable = Append | NonBlock | Async | Direct | NoAccessTime;

    // What must not be given again when a saved description is opened: it would create or truncate. And open(2) notes
    // O_ASYNC without arming it, after which fcntl(2) finds nothing to change.
    private const uint Once = Create | Exclusive | Truncate | TemporaryFile | CloseOnExec | Async;

    /// <summary>The flags that open an existing object as it was open before, without side effects.</summary>
    public static uint Reopening(uint flags) => flags & ~Once | NoControllingTerminal;

    internal static bool CanRead(uint flags) => (flags & (AccessMode | Path)) is ReadOnly or ReadWrite;

    internal static bool CanWrite(uint flags) => (flags & (AccessMode | Path)) is WriteOnly or ReadWrite;
}
