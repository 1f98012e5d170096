namespace CrHarness.Plans;

public enum RegionKind
{
    Anonymous, SharedAnonymous, FilePrivate, FileShared, MemfdPrivate, MemfdShared,
    /// <summary>PROT_NONE and MAP_NORESERVE, gigabytes to terabytes, as managed runtimes make.</summary>
    Reserve,
}

public enum RegionProtection { None, R, RW, RX, RWX }

public enum GuardKind
{
    None,
    /// <summary>First and last page PROT_NONE.</summary>
    Protected,
    /// <summary>First and last page by MADV_GUARD_INSTALL (Linux 6.13).</summary>
    Installed,
}

/// <summary>Advice that the kernel keeps as a flag of the mapping, madvise(2).</summary>
public enum RegionAdvice { None, DontFork, WipeOnFork, DontDump, HugePage, NoHugePage, Mergeable, Sequential, Random }

/// <summary>A memory region whose every page follows from the seed.</summary>
public sealed record RegionPlan
{
    public RegionKind Kind { get; init; }

    /// <summary>1 to 2048 pages of 4096 bytes.</summary>
    public int Pages { get; init; } = 1;

    public uint Seed { get; init; }

    /// <summary>Percentage of pages that hold data.</summary>
    public int Data { get; init; } = 100;

    /// <summary>Percentage of pages that are written with zeros; the rest is never touched.</summary>
    public int Zero { get; init; }

    /// <summary>Set when the region is filled.</summary>
    public RegionProtection Prot { get; init; } = RegionProtection.RW;

    /// <summary>Page from which <see cref="SplitProt"/> holds instead; 0: none.</summary>
    public int Split { get; init; }

    public RegionProtection SplitProt { get; init; } = RegionProtection.R;

    /// <summary>A page in the middle that is unmapped; 0: none.</summary>
    public int Hole { get; init; }

    public GuardKind Guard { get; init; }

    public RegionAdvice Advice { get; init; }

    public bool Locked { get; init; }

    /// <summary>Keep the descriptor of the file or memfd open.</summary>
    public bool KeepFd { get; init; }

    /// <summary>Remove the mapped file's name.</summary>
    public bool Unlink { get; init; }

    /// <summary>Size of a reservation: 1 to 4096 GiB.</summary>
    public int ReserveGiB { get; init; } = 1;
}

public enum FileKind { Regular, Directory, Path, Fifo, Null, Zero, Random }

/// <summary>A lock on the whole file, exclusive where the file can be written.</summary>
public enum FileLockKind { None, Flock, Process, Description }

public enum FileAccessKind { Read, Write, ReadWrite }

/// <summary>An open file of the task, inherited by the children it forks.</summary>
public sealed record FilePlan
{
    public FileKind Kind { get; init; }

    public FileAccessKind Access { get; init; }

    public bool Append { get; init; }

    public bool Nonblock { get; init; }

    public bool CloseOnExec { get; init; }

    /// <summary>Bytes in the file.</summary>
    public int Size { get; init; }

    public uint Seed { get; init; }

    /// <summary>May lie past the end.</summary>
    public long Offset { get; init; }

    /// <summary>The name it was opened by is removed.</summary>
    public bool Deleted { get; init; }

    /// <summary>A second name (hard link) exists.</summary>
    public bool Linked { get; init; }

    public FileLockKind Lock { get; init; }

    /// <summary>An inotify instance of the task watches it.</summary>
    public bool Watched { get; init; }

    /// <summary>Further descriptors of the same open file, with the other close-on-exec flag.</summary>
    public int Duplicates { get; init; }

    /// <summary>Both sides of a pseudo-terminal instead, with <see cref="Size"/> bytes typed and not read.</summary>
    public bool Terminal { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}

/// <summary>A pipe of the task, with bytes in it; children inherit both ends.</summary>
public sealed record PipePlan
{
    /// <summary>Bytes in the pipe, at most its capacity.</summary>
    public int Bytes { get; init; }

    public uint Seed { get; init; }

    /// <summary>F_SETPIPE_SZ in bytes; 0: the kernel's default of 65536.</summary>
    public int Capacity { get; init; }

    /// <summary>O_DIRECT: packet mode.</summary>
    public bool Packet { get; init; }

    public bool Nonblock { get; init; }

    public bool CloseOnExec { get; init; }

    public int At { get; init; }
}

public enum SocketKind { Stream, Datagram, SequencedPacket }

/// <summary>A pair of Unix sockets of the task, with messages from one to the other; children inherit both ends.</summary>
public sealed record SocketPlan
{
    public SocketKind Kind { get; init; }

    /// <summary>A TCP connection over loopback instead of a pair.</summary>
    public bool Internet { get; init; }

    /// <summary>Bytes on the way.</summary>
    public int Bytes { get; init; }

    public uint Seed { get; init; }

    /// <summary>Bytes in each message; the last has the rest.</summary>
    public int Message { get; init; } = 1024;

    /// <summary>The end that reads is bound to an abstract name.</summary>
    public bool Named { get; init; }

    /// <summary>A message more, the first, carries the only descriptor of a pipe with bytes in it.</summary>
    public bool Carries { get; init; }

    /// <summary>The other end has said that it sends no more.</summary>
    public bool Ended { get; init; }

    public bool Nonblock { get; init; }

    public bool CloseOnExec { get; init; }

    public int At { get; init; }
}
