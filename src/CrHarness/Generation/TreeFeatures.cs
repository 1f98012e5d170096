namespace CrHarness.Generation;

/// <summary>What a generated plan may hold. Without any: living tasks with names, parents and children.</summary>
[Flags]
public enum TreeFeatures
{
    None = 0,
    /// <summary>Sessions and process groups.</summary>
    Groups = 1 << 0,
    Zombies = 1 << 1,
    /// <summary>Zombies that dumped core.</summary>
    Cores = 1 << 2,
    Stopped = 1 << 3,
    /// <summary>Tasks reparented to a subreaper or to the namespace's init.</summary>
    Orphans = 1 << 4,
    /// <summary>Groups and sessions whose leader died.</summary>
    GoneLeaders = 1 << 5,
    Threads = 1 << 6,
    /// <summary>Threads that never rest.</summary>
    Busy = 1 << 7,
    /// <summary>Private anonymous memory, protections, holes, locks, the heap.</summary>
    Memory = 1 << 8,
    SharedMemory = 1 << 9,
    FileMemory = 1 << 10,
    /// <summary>Memory that the kernel keeps by its own marks: MADV_GUARD_INSTALL.</summary>
    GuardMarks = 1 << 11,
    Files = 1 << 12,
    DeletedFiles = 1 << 13,
    Pipes = 1 << 14,
    /// <summary>Dispositions and masks.</summary>
    Signals = 1 << 15,
    Pending = 1 << 16,
    IntervalTimers = 1 << 17,
    PosixTimers = 1 << 18,
    /// <summary>umask, directory, nice, policy, affinity, limits and the like.</summary>
    Attributes = 1 << 19,
    /// <summary>User and group ids, capabilities, securebits.</summary>
    Credentials = 1 << 20,
    /// <summary>All kinds of blocking system calls, not pause alone.</summary>
    Waits = 1 << 21,
    /// <summary>Roots that are pid 1 of a namespace.</summary>
    NamespaceInit = 1 << 22,
    /// <summary>With UTS, IPC, mount and network namespaces of their own.</summary>
    Containers = 1 << 23,
    /// <summary>Open files whose name was removed while another name of theirs stays.</summary>
    HiddenLinks = 1 << 24,
    /// <summary>Mapped files whose name was removed.</summary>
    DeletedMappings = 1 << 25,
    /// <summary>Locks on open files.</summary>
    Locks = 1 << 26,
    /// <summary>inotify instances.</summary>
    Watches = 1 << 27,
    /// <summary>Unix sockets, with descriptors in flight.</summary>
    Sockets = 1 << 28,
    All = (1 << 29) - 1,
}
