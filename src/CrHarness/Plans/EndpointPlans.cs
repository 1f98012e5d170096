namespace CrHarness.Plans;

/// <summary>A socket that stands alone.</summary>
public enum EndpointKind
{
    /// <summary>A UDP socket on the loopback address.</summary>
    Udp,
    /// <summary>The same of IPv6.</summary>
    Udp6,
    /// <summary>A TCP socket that listens on the loopback address.</summary>
    TcpListener,
    /// <summary>The same of IPv6.</summary>
    TcpListener6,
    /// <summary>A TCP socket that is neither bound nor connected.</summary>
    Tcp,
    /// <summary>A Unix socket that listens.</summary>
    UnixListener,
    /// <summary>A Unix socket that gets datagrams.</summary>
    UnixDatagram,
    /// <summary>A netlink socket (rtnetlink).</summary>
    Netlink,
    /// <summary>A packet socket.</summary>
    Packet,
    /// <summary>A raw socket.</summary>
    Raw,
}

/// <summary>A socket of the task's own, with options; children inherit it.</summary>
public sealed record EndpointPlan
{
    /// <summary>What it is.</summary>
    public EndpointKind Kind { get; init; }

    /// <summary>Its values and contents follow from this number.</summary>
    public uint Seed { get; init; }

    /// <summary>Datagrams that wait in it.</summary>
    public int Datagrams { get; init; }

    /// <summary>Connected to itself, where that is possible.</summary>
    public bool Connected { get; init; }

    /// <summary>Bound to a file and not to an abstract name.</summary>
    public bool InFile { get; init; }

    /// <summary>Options that are set: bit k for the k-th that this kind has, modulo their number.</summary>
    public ulong Options { get; init; }

    /// <summary>O_NONBLOCK.</summary>
    public bool Nonblock { get; init; }

    /// <summary>FD_CLOEXEC.</summary>
    public bool CloseOnExec { get; init; }

    /// <summary>Descriptor number wished for; 0: the lowest that is free.</summary>
    public int At { get; init; }
}
