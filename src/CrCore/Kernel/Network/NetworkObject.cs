using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace CrCore.Kernel;

/// <summary>Kinds of what a network namespace consists of, by the rtnetlink(7) message that makes one; the next number removes it, the one after that lists.</summary>
public enum NetworkObjectKind : ushort
{
    /// <summary>RTM_NEWLINK: struct ifinfomsg.</summary>
    Link = 16,
    /// <summary>RTM_NEWADDR: struct ifaddrmsg.</summary>
    Address = 20,
    /// <summary>RTM_NEWROUTE: struct rtmsg.</summary>
    Route = 24,
    /// <summary>RTM_NEWNEIGH: struct ndmsg.</summary>
    Neighbor = 28,
    /// <summary>RTM_NEWRULE: struct fib_rule_hdr.</summary>
    Rule = 32,
}

/// <summary>An interface, address, route, neighbour or routing rule of a network namespace.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Message">As the kernel listed it: the structure of its kind, and attributes.</param>
public readonly record struct NetworkObject(NetworkObjectKind Kind, byte[] Message)
{
    // Attributes of linux/if_link.h, if_addr.h, rtnetlink.h, neighbour.h, fib_rules.h.
    private const int LinkName = 3, AddressOf = 1, AddressLocal = 2, RouteTo = 1, RouteGateway = 5, NeighborAddress = 1, RulePriority = 6;

    /// <summary>Bytes of the structure before the attributes.</summary>
    public static int FixedSize(NetworkObjectKind kind) => kind switch { NetworkObjectKind.Link => 16, NetworkObjectKind.Address => 8, _ => 12 };

    /// <summary>Whether the number is one of a kind.</summary>
    public static bool IsKind(ushort kind) => Enum.IsDefined((NetworkObjectKind)kind);

    /// <summary>The attributes.</summary>
    internal NetlinkAttributes Attributes => new(Message.AsSpan(FixedSize(Kind)));

    /// <summary>Whether it is of IPv6.</summary>
    public bool IsInet6 => Message[0] == SocketFamily.Inet6;

    /// <summary>The value of an attribute; empty when there is none.</summary>
    public ReadOnlySpan<byte> Find(int wanted) => NetlinkAttributes.Find(Message.AsSpan(FixedSize(Kind)), wanted);

    /// <summary>For people.</summary>
    public override string ToString() => Kind switch
    {
        NetworkObjectKind.Link => $"network interface {Encoding.UTF8.GetString(Find(LinkName).TrimEnd((byte)0))}",
        NetworkObjectKind.Address => $"address {Text(Find(AddressLocal) is { Length: > 0 } local ? local : Find(AddressOf))}/{Message[1]}",
        NetworkObjectKind.Route => $"route {(Find(RouteTo) is { Length: > 0 } to ? $"{Text(to)}/{Message[1]}" : "default")}{(Find(RouteGateway) is { Length: > 0 } via ? $" via {Text(via)}" : "")}",
        NetworkObjectKind.Neighbor => $"neighbour {Text(Find(NeighborAddress))}",
        _ => $"routing rule {(Find(RulePriority) is { Length: 4 } priority ? BinaryPrimitives.ReadUInt32LittleEndian(priority) : 0)}",
    };

    /// <summary>The same kind and bytes.</summary>
    public bool Equals(NetworkObject other) => Kind == other.Kind && Message.AsSpan().SequenceEqual(other.Message);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var code = new HashCode();
        code.Add(Kind);
        code.AddBytes(Message);
        return code.ToHashCode();
    }

    private static string Text(ReadOnlySpan<byte> address) => address.Length is 4 or 16 ? new IPAddress(address).ToString() : Convert.ToHexStringLower(address);
}
