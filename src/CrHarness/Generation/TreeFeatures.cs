namespace CrHarness.Generation;

/// <summary>What a generated plan may hold. Without any: living tasks with names, parents and children.</summary>
[Flags]
public enum TreeFeatures : long
{
    /// <summary>Nothing of this.</summary>
    None = 0,
    /// <summary>Sessions and process groups.</summary>
    Groups = 1L << 0,
    /// <summary>Tasks that end and are not waited for.</summary>
    Zombies = 1L << 1,
    /// <summary>Zombies that dumped core.</summary>
    Cores = 1L << 2,
    /// <summary>Tasks stopped by job control.</summary>
    Stopped = 1L << 3,
    /// <summary>Tasks reparented to a subreaper or to the namespace's init.</summary>
    Orphans = 1L << 4,
    /// <summary>Groups and sessions whose leader died.</summary>
    GoneLeaders = 1L << 5,
    /// <summary>Threads beside the main one.</summary>
    Threads = 1L << 6,
    /// <summary>Threads that never rest.</summary>
    Busy = 1L << 7,
    /// <summary>Private anonymous memory, protections, holes, locks, the heap.</summary>
    Memory = 1L << 8,
    /// <summary>Anonymous memory and memfds that tasks share.</summary>
    SharedMemory = 1L << 9,
    /// <summary>Mapped files.</summary>
    FileMemory = 1L << 10,
    /// <summary>Memory that the kernel keeps by its own marks: MADV_GUARD_INSTALL.</summary>
    GuardMarks = 1L << 11,
    /// <summary>Open files, directories, FIFOs and devices.</summary>
    Files = 1L << 12,
    /// <summary>Open files whose name was removed.</summary>
    DeletedFiles = 1L << 13,
    /// <summary>Pipes with bytes in them.</summary>
    Pipes = 1L << 14,
    /// <summary>Dispositions and masks.</summary>
    Signals = 1L << 15,
    /// <summary>Signals that wait.</summary>
    Pending = 1L << 16,
    /// <summary>Timers of setitimer(2).</summary>
    IntervalTimers = 1L << 17,
    /// <summary>Timers of timer_create(2).</summary>
    PosixTimers = 1L << 18,
    /// <summary>umask, directory, nice, policy, affinity, limits and the like.</summary>
    Attributes = 1L << 19,
    /// <summary>User and group ids, capabilities, securebits.</summary>
    Credentials = 1L << 20,
    /// <summary>All kinds of blocking system calls, not pause alone.</summary>
    Waits = 1L << 21,
    /// <summary>Roots that are pid 1 of a namespace.</summary>
    NamespaceInit = 1L << 22,
    /// <summary>With UTS, IPC, mount and network namespaces of their own.</summary>
    Containers = 1L << 23,
    /// <summary>Open files whose name was removed while another name of theirs stays.</summary>
    HiddenLinks = 1L << 24,
    /// <summary>Mapped files whose name was removed.</summary>
    DeletedMappings = 1L << 25,
    /// <summary>Locks on open files.</summary>
    Locks = 1L << 26,
    /// <summary>inotify instances.</summary>
    Watches = 1L << 27,
    /// <summary>Unix sockets, with descriptors in flight.</summary>
    Sockets = 1L << 28,
    /// <summary>Pseudo-terminals with bytes that wait, both sides of each.</summary>
    Terminals = 1L << 29,
    /// <summary>seccomp(2) filters.</summary>
    Filters = 1L << 30,
    /// <summary>TCP connections between tasks, with bytes on the way.</summary>
    Connections = 1L << 31,
    /// <summary>Descriptors of events, timers, signals, processes; epoll; sealed memory.</summary>
    Events = 1L << 32,
    /// <summary>POSIX message queues.</summary>
    Queues = 1L << 33,
    /// <summary>Contexts of asynchronous I/O.</summary>
    AsyncIo = 1L << 34,
    /// <summary>Leases, locks on ranges, owners of open files.</summary>
    Leases = 1L << 35,
    /// <summary>Memory that grows down, may be dropped, is sealed, locked when touched, or mapped twice.</summary>
    MemoryKinds = 1L << 36,
    /// <summary>Huge pages.</summary>
    HugePages = 1L << 37,
    /// <summary>Segments of System V.</summary>
    Segments = 1L << 38,
    /// <summary>Semaphores and message queues of System V, in IPC namespaces of the tree's own.</summary>
    SystemV = 1L << 39,
    /// <summary>Options of sockets.</summary>
    SocketOptions = 1L << 40,
    /// <summary>Sockets that stand alone: UDP, listening, netlink, packet, raw.</summary>
    Endpoints = 1L << 41,
    /// <summary>Terminals that control sessions, put lines together, are in packet mode, exclusive, alone or hung up.</summary>
    TerminalForms = 1L << 42,
    /// <summary>Ids, capabilities and filters of single threads.</summary>
    ThreadRights = 1L << 43,
    /// <summary>Maps of bpf(2).</summary>
    Maps = 1L << 44,
    /// <summary>TUN and TAP devices.</summary>
    Tunnels = 1L << 45,
    /// <summary>fanotify(7).</summary>
    Marks = 1L << 46,
    /// <summary>All of it.</summary>
    All = (1L << 47) - 1,
}
