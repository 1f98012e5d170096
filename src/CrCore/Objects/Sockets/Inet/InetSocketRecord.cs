using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>INET_SOCKET (520): a socket of IPv4 or IPv6. Its options are in SOCKET_OPTIONS, what is in it in further records.</summary>
public sealed record InetSocketRecord : IDescribedRecord
{
    /// <summary>IPPROTO_MAX of linux/in.h, with room: numbers above 255 never travel, but raw sockets take them.</summary>
    private const int MaxRawProtocol = 511;

    internal const int PayloadSize = 40 + 2 * InetAddress.EncodedSize + 24;

    /// <inheritdoc/>
    public short Type => InetRecordIds.Socket;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <summary>AF_INET 2 or AF_INET6 10.</summary>
    public required int Family { get; init; }

    /// <summary>SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_RAW 3.</summary>
    public required int SocketType { get; init; }

    /// <summary>IPPROTO_*.</summary>
    public required int Protocol { get; init; }

    /// <summary>Of TCP; <see cref="TcpState.None"/> for all others.</summary>
    public TcpState State { get; init; }

    /// <summary>It has its local address and port for itself (bind(2), or the kernel's choice).</summary>
    public bool IsBound { get; init; }

    /// <summary>It is or was connected to <see cref="Remote"/>.</summary>
    public bool HasRemote { get; init; }

    /// <summary>The connection ended in an error that the program has not been told of yet.</summary>
    public bool HasError { get; init; }

    /// <summary>Shut down: 1 for reading, 2 for writing.</summary>
    public int Shutdown { get; init; }

    /// <summary>Of a listening socket.</summary>
    public int Backlog { get; init; }

    /// <summary>Whose the socket is (fchown(2)): firewall and routing rules may ask.</summary>
    public uint Uid { get; init; }

    /// <summary>See <see cref="Uid"/>.</summary>
    public uint Gid { get; init; }

    /// <summary>As getsockname(2) tells it; <see cref="InetAddress.IsNothing"/> before it has one.</summary>
    public InetAddress Local { get; init; }

    /// <summary>As getpeername(2) tells it; says nothing without <see cref="HasRemote"/>.</summary>
    public InetAddress Remote { get; init; }

    /// <summary>The interface that it is bound to (SO_BINDTODEVICE), or "": its index may be another one at restore.</summary>
    public string Device { get; init; } = "";

    /// <summary>A stream of TCP, and no raw socket that sees its packets.</summary>
    public bool IsTcp => Protocol == InetProtocol.Tcp && SocketType == Kernel.SocketType.Stream;

    /// <summary>A TCP socket with a state that two ends share.</summary>
    public bool IsConnection => IsTcp && HasRemote && State is not (TcpState.Listen or TcpState.SynSent or TcpState.None);

    string IDescribedRecord.Description
    {
        get
        {
            var protocol = Protocol switch
            {
                InetProtocol.Tcp => "TCP",
                InetProtocol.Udp => "UDP",
                InetProtocol.Icmp or InetProtocol.Icmp6 => "ICMP",
                _ => $"protocol {Protocol}",
            };
            var state = State == TcpState.None ? "" : $" {State}";
            return HasRemote ? $"{protocol} {Local} to {Remote}{state}" : IsBound ? $"{protocol} {Local}{state}" : protocol + state;
        }
    }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(Family);
        w.I32(SocketType);
        w.I32(Protocol);
        w.U32((uint)State);
        w.U32((IsBound ? 1u : 0) | (HasRemote ? 2u : 0) | (HasError ? 4u : 0));
        w.I32(Shutdown);
        w.I32(Backlog);
        w.U32(Uid);
        w.U32(Gid);
        w.U32(0);
        Local.Write(ref w);
        Remote.Write(ref w);
        w.FixedText(Device, 24);
    }

    internal static InetSocketRecord Read(uint parent, ref FieldReader r)
    {
        int family = r.I32(), type = r.I32(), protocol = r.I32();
        var state = r.U32();
        var flags = r.U32();
        int shutdown = r.I32(), backlog = r.I32();
        uint uid = r.U32(), gid = r.U32();
        r.Pad4();
        var record = new InetSocketRecord
        {
            Family = family,
            SocketType = type,
            Protocol = protocol,
            State = (TcpState)state,
            IsBound = (flags & 1) != 0,
            HasRemote = (flags & 2) != 0,
            HasError = (flags & 4) != 0,
            Shutdown = shutdown,
            Backlog = backlog,
            Uid = uid,
            Gid = gid,
            Local = InetAddress.Read(ref r),
            Remote = InetAddress.Read(ref r),
            Device = r.FixedText(24),
        };
        if (family is not (SocketFamily.Inet or SocketFamily.Inet6) || type is < 1 or > 3 || protocol is < 0 or > MaxRawProtocol || (protocol > 255 && type != Kernel.SocketType.Raw) || state > (uint)TcpState.Closing || flags > 7 || shutdown is < 0 or > 3)
            throw r.Bad($"a socket of family {family}, type {type}, protocol {protocol} and state {state} is none that this format knows");
        return record;
    }
}
