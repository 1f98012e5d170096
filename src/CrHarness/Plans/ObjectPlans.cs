namespace CrHarness.Plans;

/// <summary>What a region is mapped from.</summary>
public enum RegionKind
{
    /// <summary>MAP_PRIVATE, without a file.</summary>
    Anonymous,
    /// <summary>MAP_SHARED, without a file.</summary>
    SharedAnonymous,
    /// <summary>MAP_PRIVATE of a file.</summary>
    FilePrivate,
    /// <summary>MAP_SHARED of a file.</summary>
    FileShared,
    /// <summary>MAP_PRIVATE of a memfd.</summary>
    MemfdPrivate,
    /// <summary>MAP_SHARED of a memfd.</summary>
    MemfdShared,
    /// <summary>PROT_NONE and MAP_NORESERVE, gigabytes to terabytes, as managed runtimes make.</summary>
    Reserve,
    /// <summary>MAP_GROWSDOWN.</summary>
    GrowsDown,
    /// <summary>MAP_DROPPABLE (Linux 6.11), nothing in it: the kernel may drop what is.</summary>
    Droppable,
    /// <summary>MAP_HUGETLB, where the machine has huge pages to spare, else anonymous.</summary>
    Huge,
    /// <summary>A segment of System V, shmat(2).</summary>
    Segment,
    /// <summary>The ring of a context of asynchronous I/O, io_setup(2), with an event in it that nobody has taken.</summary>
    AsyncRing,
}

/// <summary>What may be done with a region.</summary>
public enum RegionProtection
{
    /// <summary>PROT_NONE.</summary>
    None,
    /// <summary>PROT_READ.</summary>
    R,
    /// <summary>PROT_READ and PROT_WRITE.</summary>
    RW,
    /// <summary>PROT_READ and PROT_EXEC.</summary>
    RX,
    /// <summary>All three.</summary>
    RWX,
}

/// <summary>How the ends of a region are guarded.</summary>
public enum GuardKind
{
    /// <summary>No guard pages.</summary>
    None,
    /// <summary>First and last page PROT_NONE.</summary>
    Protected,
    /// <summary>First and last page by MADV_GUARD_INSTALL (Linux 6.13).</summary>
    Installed,
}

/// <summary>Advice that the kernel keeps as a flag of the mapping, madvise(2).</summary>
public enum RegionAdvice
{
    /// <summary>No advice.</summary>
    None,
    /// <summary>MADV_DONTFORK.</summary>
    DontFork,
    /// <summary>MADV_WIPEONFORK.</summary>
    WipeOnFork,
    /// <summary>MADV_DONTDUMP.</summary>
    DontDump,
    /// <summary>MADV_HUGEPAGE.</summary>
    HugePage,
    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHugePage,
    /// <summary>MADV_MERGEABLE.</summary>
    Mergeable,
    /// <summary>MADV_SEQUENTIAL.</summary>
    Sequential,
    /// <summary>MADV_RANDOM.</summary>
    Random,
}

/// <summary>A memory region whose every page follows from the seed.</summary>
public sealed record RegionPlan
{
    /// <summary>What it is mapped from.</summary>
    public RegionKind Kind { get; init; }

    /// <summary>1 to 2048 pages of 4096 bytes.</summary>
    public int Pages { get; init; } = 1;

    /// <summary>Its contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>Percentage of pages that hold data.</summary>
    public int Data { get; init; } = 100;

    /// <summary>Percentage of pages that are written with zeros; the rest is never touched.</summary>
    public int Zero { get; init; }

    /// <summary>Set when the region is filled.</summary>
    public RegionProtection Prot { get; init; } = RegionProtection.RW;

    /// <summary>Page from which <see cref="SplitProt"/> holds instead; 0: none.</summary>
    public int Split { get; init; }

    /// <summary>What may be done from <see cref="Split"/> on.</summary>
    public RegionProtection SplitProt { get; init; } = RegionProtection.R;

    /// <summary>A page in the middle that is unmapped; 0: none.</summary>
    public int Hole { get; init; }

    /// <summary>How its ends are guarded.</summary>
    public GuardKind Guard { get; init; }

    /// <summary>The advice that it is given.</summary>
    public RegionAdvice Advice { get; init; }

    /// <summary>mlock(2).</summary>
    public bool Locked { get; init; }

    /// <summary>Keep the descriptor of the file or memfd open.</summary>
    public bool KeepFd { get; init; }

    /// <summary>With <see cref="Locked"/>: only what is touched (mlock2(2), MLOCK_ONFAULT).</summary>
    public bool LockedOnFault { get; init; }

    /// <summary>mseal(2): it stays as it is, also in children.</summary>
    public bool Sealed { get; init; }

    /// <summary>A second view, read-only, of its later half; of shared memory with a descriptor.</summary>
    public bool Twice { get; init; }

    /// <summary>Remove the mapped file's name; mark a segment for removal.</summary>
    public bool Unlink { get; init; }

    /// <summary>Size of a reservation: 1 to 4096 GiB.</summary>
    public int ReserveGiB { get; init; } = 1;
}

/// <summary>What is open.</summary>
public enum FileKind
{
    /// <summary>A regular file.</summary>
    Regular,
    /// <summary>A directory.</summary>
    Directory,
    /// <summary>A regular file, opened with O_PATH.</summary>
    Path,
    /// <summary>A FIFO.</summary>
    Fifo,
    /// <summary>/dev/null.</summary>
    Null,
    /// <summary>/dev/zero.</summary>
    Zero,
    /// <summary>/dev/urandom.</summary>
    Random,
}

/// <summary>A lock on the whole file, exclusive where the file can be written.</summary>
public enum FileLockKind
{
    /// <summary>No lock.</summary>
    None,
    /// <summary>flock(2).</summary>
    Flock,
    /// <summary>F_SETLK of fcntl(2): the process holds it.</summary>
    Process,
    /// <summary>F_OFD_SETLK: the open file holds it.</summary>
    Description,
    /// <summary>F_SETLK on several ranges, shared and exclusive ones in turn where it can be read and written.</summary>
    Ranges,
    /// <summary>F_SETLEASE: for reading, where the file is open for reading alone and keeps its name.</summary>
    Lease,
}

/// <summary>For what it is open.</summary>
public enum FileAccessKind
{
    /// <summary>O_RDONLY.</summary>
    Read,
    /// <summary>O_WRONLY.</summary>
    Write,
    /// <summary>O_RDWR.</summary>
    ReadWrite,
}

/// <summary>What can be particular about a pseudo-terminal (ioctl_tty(2)).</summary>
[Flags]
public enum TerminalForm
{
    /// <summary>Nothing is interpreted, both sides are open.</summary>
    None = 0,
    /// <summary>Lines are put together (ICANON), and characters have a meaning.</summary>
    Lines = 1,
    /// <summary>TIOCPKT.</summary>
    Packet = 2,
    /// <summary>TIOCEXCL.</summary>
    Exclusive = 4,
    /// <summary>The other way, too, something waits.</summary>
    Output = 8,
    /// <summary>It controls the session that the task leads (TIOCSCTTY).</summary>
    Controlling = 16,
    /// <summary>Nobody has the slave open.</summary>
    Alone = 32,
    /// <summary>The master is closed: the slave was hung up.</summary>
    HungUp = 64,
}

/// <summary>An open file of the task, inherited by the children it forks.</summary>
public sealed record FilePlan
{
    /// <summary>What is open.</summary>
    public FileKind Kind { get; init; }

    /// <summary>For what it is open.</summary>
    public FileAccessKind Access { get; init; }

    /// <summary>O_APPEND.</summary>
    public bool Append { get; init; }

    /// <summary>O_NONBLOCK.</summary>
    public bool Nonblock { get; init; }

    /// <summary>FD_CLOEXEC.</summary>
    public bool CloseOnExec { get; init; }

    /// <summary>Bytes in the file.</summary>
    public int Size { get; init; }

    /// <summary>Its contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>May lie past the end.</summary>
    public long Offset { get; init; }

    /// <summary>The name it was opened by is removed.</summary>
    public bool Deleted { get; init; }

    /// <summary>A second name (hard link) exists.</summary>
    public bool Linked { get; init; }

    /// <summary>The lock on it.</summary>
    public FileLockKind Lock { get; init; }

    /// <summary>An inotify instance of the task watches it.</summary>
    public bool Watched { get; init; }

    /// <summary>F_SETOWN to the task that opens it, F_SETSIG.</summary>
    public bool Owned { get; init; }

    /// <summary>Further descriptors of the same open file, with the other close-on-exec flag.</summary>
    public int Duplicates { get; init; }

    /// <summary>Both sides of a pseudo-terminal instead, with <see cref="Size"/> bytes typed and not read.</summary>
    public bool Terminal { get; init; }

    /// <summary>What is particular about that pseudo-terminal.</summary>
    public TerminalForm Form { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}

/// <summary>A pipe of the task, with bytes in it; children inherit both ends.</summary>
public sealed record PipePlan
{
    /// <summary>Bytes in the pipe, at most its capacity.</summary>
    public int Bytes { get; init; }

    /// <summary>Its contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>F_SETPIPE_SZ in bytes; 0: the kernel's default of 65536.</summary>
    public int Capacity { get; init; }

    /// <summary>O_DIRECT: packet mode.</summary>
    public bool Packet { get; init; }

    /// <summary>O_NONBLOCK.</summary>
    public bool Nonblock { get; init; }

    /// <summary>FD_CLOEXEC.</summary>
    public bool CloseOnExec { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}

/// <summary>The type of a socket.</summary>
public enum SocketKind
{
    /// <summary>SOCK_STREAM.</summary>
    Stream,
    /// <summary>SOCK_DGRAM.</summary>
    Datagram,
    /// <summary>SOCK_SEQPACKET.</summary>
    SequencedPacket,
}

/// <summary>A pair of Unix sockets of the task, with messages from one to the other; children inherit both ends.</summary>
public sealed record SocketPlan
{
    /// <summary>The type of both.</summary>
    public SocketKind Kind { get; init; }

    /// <summary>A TCP connection over loopback instead of a pair.</summary>
    public bool Internet { get; init; }

    /// <summary>Bytes on the way.</summary>
    public int Bytes { get; init; }

    /// <summary>Its contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>Bytes in each message; the last has the rest.</summary>
    public int Message { get; init; } = 1024;

    /// <summary>The end that reads is bound to an abstract name.</summary>
    public bool Named { get; init; }

    /// <summary>A message more, the first, carries the only descriptor of a pipe with bytes in it.</summary>
    public bool Carries { get; init; }

    /// <summary>Options that both ends have: bit k for the k-th that this kind has, modulo their number.</summary>
    public ulong Options { get; init; }

    /// <summary>The other end has said that it sends no more.</summary>
    public bool Ended { get; init; }

    /// <summary>O_NONBLOCK.</summary>
    public bool Nonblock { get; init; }

    /// <summary>FD_CLOEXEC.</summary>
    public bool CloseOnExec { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}
