namespace CrHarness.Plans;

/// <summary>What a descriptor stands on that is neither a file nor a pipe nor a socket.</summary>
public enum HandleKind
{
    /// <summary>eventfd(2).</summary>
    Counter,
    /// <summary>timerfd_create(2).</summary>
    Timer,
    /// <summary>signalfd(2).</summary>
    Signals,
    /// <summary>epoll(7), on descriptors that the task had before.</summary>
    Poll,
    /// <summary>pidfd_open(2).</summary>
    Process,
    /// <summary>memfd_create(2), with seals.</summary>
    Memory,
    /// <summary>mq_open(3).</summary>
    Queue,
    /// <summary>fanotify(7), with a mark on a file.</summary>
    Marks,
    /// <summary>A map of bpf(2).</summary>
    Map,
    /// <summary>/dev/net/tun, with a device.</summary>
    Tunnel,
}

/// <summary>Such a descriptor of the task; children inherit it.</summary>
public sealed record HandlePlan
{
    /// <summary>What it stands on.</summary>
    public HandleKind Kind { get; init; }

    /// <summary>Its values follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>The counter; messages in a queue; entries of a map; pages of a memfd; whether a timer has run out unread.</summary>
    public int Count { get; init; }

    /// <summary>
    /// The other form of its kind: a counter taken one by one (EFD_SEMAPHORE), a process that has ended and was waited for, a
    /// map that is an array, a device with addresses of Ethernet, an epoll instance that polls network devices, a queue whose maker waits to be notified.
    /// </summary>
    public bool Other { get; init; }

    /// <summary>Of a timer.</summary>
    public PosixClock Clock { get; init; } = PosixClock.Monotonic;

    /// <summary>Whether a timer runs.</summary>
    public bool Armed { get; init; }

    /// <summary>Seconds to a timer's first expiry.</summary>
    public int Seconds { get; init; } = 86400;

    /// <summary>Seconds between later ones, or 0.</summary>
    public int Interval { get; init; }

    /// <summary>Descriptors that are watched, by their order, modulo 64; signals of a signalfd, bit n-1 for signal n.</summary>
    public ulong Targets { get; init; }

    /// <summary>EPOLLET.</summary>
    public bool EdgeTriggered { get; init; }

    /// <summary>EPOLLONESHOT.</summary>
    public bool Once { get; init; }

    /// <summary>The queue's name is removed; always, with nothing in it, where the IPC namespace is not the tree's own.</summary>
    public bool Unlinked { get; init; }

    /// <summary>O_NONBLOCK.</summary>
    public bool Nonblock { get; init; }

    /// <summary>FD_CLOEXEC.</summary>
    public bool CloseOnExec { get; init; }

    /// <summary>Further descriptors of the same open file.</summary>
    public int Duplicates { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}

/// <summary>What kind of object of System V IPC.</summary>
public enum IpcKind
{
    /// <summary>A set of semaphores, semget(2).</summary>
    Semaphores,
    /// <summary>A queue of messages, msgget(2).</summary>
    Messages,
}

/// <summary>An object of System V IPC in a namespace of the tree's own. Shared memory is among the regions.</summary>
public sealed record IpcPlan
{
    /// <summary>What it is.</summary>
    public IpcKind Kind { get; init; }

    /// <summary>Its key, values and contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>Semaphores of the set, or messages in the queue.</summary>
    public int Count { get; init; } = 1;

    /// <summary>The task has something to undo when it ends (SEM_UNDO).</summary>
    public bool Undo { get; init; }

    /// <summary>IPC_PRIVATE instead of a key.</summary>
    public bool Private { get; init; }
}
