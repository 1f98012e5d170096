using CrCore.Kernel;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// The options of the Internet levels that are kept (ip(7), ipv6(7), tcp(7), udp(7), udplite(7), raw(7), icmp(7); numbers from
/// linux/in.h, in6.h, tcp.h, udp.h). A socket that has none of a level leaves it out.
/// </summary>
internal static class InetOptions
{
    /// <summary>Levels that other parts of this folder ask for, too.</summary>
    public const int Ip = 0, Udp = 17, Ip6 = 41;

    private const int Tcp = 6, Icmp6 = 58, UdpLite = 136, RawLevel = 255;
    private const int Blob = 128;

    public const int IpFreeBind = 15, IpTransparent = 19, IpBindNoPort = 24, Ip6Only = 26, Ip6FreeBind = 78, Ip6Transparent = 75;

    /// <summary>What bind(2) asks for; it has to stand before.</summary>
    public static bool IsBeforeBind(int level, int name)
        => (level, name) is (SocketLevel.Socket, SocketLevel.ReusePort) or (Ip, IpTransparent) or (Ip, IpBindNoPort) or (Ip6, Ip6Only) or (Ip6, Ip6Transparent)
            // The kernel takes these only from a socket without a connection.
            or (Tcp, 13) or (Tcp, 23) or (Tcp, 27) or (Tcp, 34);

    public static IReadOnlyList<SocketOption> All { get; } =
    [
        new(Ip, 1, "IP_TOS"),
        new(Ip, 2, "IP_TTL"),
        new(Ip, 3, "IP_HDRINCL"),
        new(Ip, 4, "IP_OPTIONS", 40),
        new(Ip, 5, "IP_ROUTER_ALERT"),
        new(Ip, 6, "IP_RECVOPTS"),
        new(Ip, 7, "IP_RETOPTS"),
        new(Ip, 8, "IP_PKTINFO"),
        new(Ip, 10, "IP_MTU_DISCOVER"),
        new(Ip, 11, "IP_RECVERR"),
        new(Ip, 12, "IP_RECVTTL"),
        new(Ip, 13, "IP_RECVTOS"),
        new(Ip, IpFreeBind, "IP_FREEBIND"),
        new(Ip, 18, "IP_PASSSEC"),
        new(Ip, IpTransparent, "IP_TRANSPARENT"),
        new(Ip, 20, "IP_RECVORIGDSTADDR"),
        new(Ip, 21, "IP_MINTTL"),
        new(Ip, 22, "IP_NODEFRAG"),
        new(Ip, 23, "IP_CHECKSUM"),
        new(Ip, IpBindNoPort, "IP_BIND_ADDRESS_NO_PORT"),
        new(Ip, 25, "IP_RECVFRAGSIZE"),
        new(Ip, 26, "IP_RECVERR_RFC4884"),
        new(Ip, 34, "IP_MULTICAST_LOOP"),
        new(Ip, 49, "IP_MULTICAST_ALL"),
        new(Ip, 50, "IP_UNICAST_IF"),
        new(Ip, 51, "IP_LOCAL_PORT_RANGE"),
        new(Ip6, 7, "IPV6_CHECKSUM"),
        new(Ip6, 11, "IPV6_FLOWINFO"),
        new(Ip6, 16, "IPV6_UNICAST_HOPS"),
        new(Ip6, 19, "IPV6_MULTICAST_LOOP"),
        new(Ip6, 23, "IPV6_MTU_DISCOVER"),
        new(Ip6, 25, "IPV6_RECVERR"),
        new(Ip6, Ip6Only, "IPV6_V6ONLY"),
        new(Ip6, 29, "IPV6_MULTICAST_ALL"),
        new(Ip6, 30, "IPV6_ROUTER_ALERT_ISOLATE"),
        new(Ip6, 31, "IPV6_RECVERR_RFC4884"),
        new(Ip6, 33, "IPV6_FLOWINFO_SEND"),
        new(Ip6, 36, "IPV6_HDRINCL"),
        new(Ip6, 2, "IPV6_2292PKTINFO"),
        new(Ip6, 3, "IPV6_2292HOPOPTS"),
        new(Ip6, 4, "IPV6_2292DSTOPTS"),
        new(Ip6, 5, "IPV6_2292RTHDR"),
        new(Ip6, 8, "IPV6_2292HOPLIMIT"),
        new(Ip6, 49, "IPV6_RECVPKTINFO"),
        new(Ip6, 51, "IPV6_RECVHOPLIMIT"),
        new(Ip6, 53, "IPV6_RECVHOPOPTS"),
        new(Ip6, 56, "IPV6_RECVRTHDR"),
        new(Ip6, 58, "IPV6_RECVDSTOPTS"),
        new(Ip6, 54, "IPV6_HOPOPTS", Blob),
        new(Ip6, 55, "IPV6_RTHDRDSTOPTS", Blob),
        new(Ip6, 57, "IPV6_RTHDR", Blob),
        new(Ip6, 59, "IPV6_DSTOPTS", Blob),
        new(Ip6, 60, "IPV6_RECVPATHMTU"),
        new(Ip6, 62, "IPV6_DONTFRAG"),
        new(Ip6, 66, "IPV6_RECVTCLASS"),
        new(Ip6, 67, "IPV6_TCLASS"),
        new(Ip6, 70, "IPV6_AUTOFLOWLABEL"),
        new(Ip6, 72, "IPV6_ADDR_PREFERENCES"),
        new(Ip6, 73, "IPV6_MINHOPCOUNT"),
        new(Ip6, 74, "IPV6_RECVORIGDSTADDR"),
        new(Ip6, Ip6Transparent, "IPV6_TRANSPARENT"),
        new(Ip6, 76, "IPV6_UNICAST_IF"),
        new(Ip6, 77, "IPV6_RECVFRAGSIZE"),
        new(Ip6, Ip6FreeBind, "IPV6_FREEBIND"),
    ];

    public static IReadOnlyList<SocketOption> OfTcp { get; } =
    [
        new(Tcp, 13, "TCP_CONGESTION", 16),
        new(Tcp, 1, "TCP_NODELAY"),
        new(Tcp, 3, "TCP_CORK"),
        new(Tcp, 4, "TCP_KEEPIDLE"),
        new(Tcp, 5, "TCP_KEEPINTVL"),
        new(Tcp, 6, "TCP_KEEPCNT"),
        new(Tcp, 7, "TCP_SYNCNT"),
        new(Tcp, 8, "TCP_LINGER2"),
        new(Tcp, 9, "TCP_DEFER_ACCEPT"),
        new(Tcp, 10, "TCP_WINDOW_CLAMP"),
        new(Tcp, 12, "TCP_QUICKACK"),
        new(Tcp, 16, "TCP_THIN_LINEAR_TIMEOUTS"),
        new(Tcp, 18, "TCP_USER_TIMEOUT"),
        new(Tcp, 23, "TCP_FASTOPEN"),
        new(Tcp, 25, "TCP_NOTSENT_LOWAT"),
        new(Tcp, 27, "TCP_SAVE_SYN"),
        new(Tcp, 30, "TCP_FASTOPEN_CONNECT"),
        new(Tcp, 34, "TCP_FASTOPEN_NO_COOKIE"),
        new(Tcp, 36, "TCP_INQ"),
        new(Tcp, 37, "TCP_TX_DELAY"),
        new(Tcp, 44, "TCP_RTO_MAX_MS"),
        new(Tcp, 45, "TCP_RTO_MIN_US"),
        new(Tcp, 46, "TCP_DELACK_MAX_US"),
    ];

    /// <summary>The keys of its cookies (TCP_FASTOPEN), of the machine if it has none of its own; with them the clients' cookies stay good on another machine.</summary>
    public static IReadOnlyList<SocketOption> OfFastOpen { get; } = [new(Tcp, 33, "TCP_FASTOPEN_KEY", 32, SkipsEmpty: true)];

    /// <summary>The size that the program asked for; of a connection the kernel tells the current one instead.</summary>
    public static IReadOnlyList<SocketOption> OfUnconnectedTcp { get; } = [new(Tcp, TcpRepair.MaxSegment, "TCP_MAXSEG")];

    /// <summary>Of all that sends datagrams; a stream takes none of them.</summary>
    public static IReadOnlyList<SocketOption> OfDatagrams { get; } =
    [
        new(Ip, 32, "IP_MULTICAST_IF"),
        new(Ip, 33, "IP_MULTICAST_TTL"),
        new(Ip6, 17, "IPV6_MULTICAST_IF"),
        new(Ip6, 18, "IPV6_MULTICAST_HOPS"),
        new(RawLevel, 1, "ICMP_FILTER"),
        new(Icmp6, 1, "ICMPV6_FILTER", 32),
        new(Udp, 1, "UDP_CORK"),
        new(Udp, 100, "UDP_ENCAP"),
        new(Udp, 101, "UDP_NO_CHECK6_TX"),
        new(Udp, 102, "UDP_NO_CHECK6_RX"),
        new(Udp, 103, "UDP_SEGMENT"),
        new(Udp, 104, "UDP_GRO"),
        new(UdpLite, 10, "UDPLITE_SEND_CSCOV"),
        new(UdpLite, 11, "UDPLITE_RECV_CSCOV"),
    ];
}
