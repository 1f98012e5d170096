using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace CrCore.Kernel;

/// <summary>An interface of this thread's network namespace, as rtnetlink(7) tells of it.</summary>
internal sealed record NetworkInterface(int Index, ushort Type, uint Flags)
{
    private const int RouteNetlink = 0, LinkMessageSize = 16, AddressMessageSize = 8, RouteMessageSize = 12, QueueingMessageSize = 20;
    private const ushort GetLink = 18, GetAddress = 22, GetRoute = 26, GetQueueing = 38;

    // IFLA_* of linux/if_link.h.
    private const int LinkAddress = 1, LinkName = 3, LinkMtu = 4, LinkMaster = 10, LinkQueueLength = 13, LinkInfo = 18, LinkAlias = 20, LinkCarrier = 33, LinkXdp = 43;
    private const int InfoData = 2, TunOwner = 1, TunGroup = 2, TunInformation = 4, XdpAttached = 2;

    public byte[] Address { get; private set; } = [];

    public uint Mtu { get; private set; }

    public uint QueueLength { get; private set; }

    public bool HasCarrier { get; private set; } = true;

    /// <summary>Of a TUN or TAP device; null for anybody.</summary>
    public uint? Owner { get; private set; }

    public uint? Group { get; private set; }

    /// <summary>Of a TUN or TAP device: each packet has a header (struct tun_pi).</summary>
    public bool HasInformation { get; private set; }

    /// <summary>What it has that would be gone with it; for people.</summary>
    public List<string> Belongings { get; } = [];

    /// <summary>Null when there is none of the name.</summary>
    public static NetworkInterface? Find(string name)
    {
        using var dump = NetlinkDump.TryOpen(RouteNetlink, out var errno);
        if (dump is null)
            throw KernelError.Create("CrInterfaceUnreadable", "Opening a socket to ask for interfaces", errno);
        NetworkInterface? found = null;
        foreach (var m in Ask(dump, GetLink, LinkMessageSize))
            if (m.Length >= LinkMessageSize && Read(m, name) is { } link)
                found = link;
        if (found is null)
            return null;
        foreach (var m in Ask(dump, GetAddress, AddressMessageSize))
            AddAddress(found, m);
        foreach (var m in Ask(dump, GetRoute, RouteMessageSize))
            AddRoute(found, m);
        foreach (var m in Ask(dump, GetQueueing, QueueingMessageSize))
            // struct tcmsg: the interface at 4, the handle at 8, which those have that somebody made.
            if (m.Length >= QueueingMessageSize && I32(m, 4) == found.Index && I32(m, 8) != 0)
                found.Belongings.Add("a queueing discipline");
        return found;
    }

    /// <summary>Whether an index is free.</summary>
    public static bool IsFree(int index)
    {
        using var dump = NetlinkDump.TryOpen(RouteNetlink, out var errno);
        if (dump is null)
            throw KernelError.Create("CrInterfaceUnreadable", "Opening a socket to ask for interfaces", errno);
        foreach (var m in Ask(dump, GetLink, LinkMessageSize))
            if (m.Length >= LinkMessageSize && I32(m, 4) == index)
                return false;
        return true;
    }

    private static List<byte[]> Ask(NetlinkDump dump, ushort type, int size)
    {
        var messages = new List<byte[]>();
        var errno = dump.TryAsk(type, new byte[size], messages);
        return errno == Errno.None ? messages : throw KernelError.Create("CrInterfaceUnreadable", "Listing interfaces, addresses and routes", errno);
    }

    /// <summary>struct ifinfomsg: family, type at 2, index at 4, flags at 8.</summary>
    private static NetworkInterface? Read(byte[] m, string name)
    {
        var link = new NetworkInterface(I32(m, 4), BinaryPrimitives.ReadUInt16LittleEndian(m.AsSpan(2)), (uint)I32(m, 8));
        var attributes = new NetlinkAttributes(m.AsSpan(LinkMessageSize));
        var named = false;
        while (attributes.Next(out var type, out var value))
            switch (type)
            {
                case LinkName:
                    named = Encoding.ASCII.GetString(value.TrimEnd((byte)0)) == name;
                    break;
                case LinkAddress:
                    link.Address = value.ToArray();
                    break;
                case LinkMtu:
                    link.Mtu = MemoryMarshal.Read<uint>(value);
                    break;
                case LinkQueueLength:
                    link.QueueLength = MemoryMarshal.Read<uint>(value);
                    break;
                case LinkCarrier:
                    link.HasCarrier = value[0] != 0;
                    break;
                case LinkMaster:
                    link.Belongings.Add("a bridge or other interface above it");
                    break;
                case LinkAlias:
                    link.Belongings.Add("another name (alias)");
                    break;
                case LinkXdp when Nested(value, XdpAttached) is { Length: > 0 } attached && attached[0] != 0:
                    link.Belongings.Add("a BPF program (XDP)");
                    break;
                case LinkInfo when Nested(value, InfoData) is { } data:
                    link.Owner = Nested(data, TunOwner) is { Length: 4 } owner ? MemoryMarshal.Read<uint>(owner) : null;
                    link.HasInformation = Nested(data, TunInformation) is { Length: 1 } information && information[0] != 0;
                    link.Group = Nested(data, TunGroup) is { Length: 4 } group ? MemoryMarshal.Read<uint>(group) : null;
                    break;
            }
        return named ? link : null;
    }

    /// <summary>struct ifaddrmsg: family, prefix, flags, scope at 3, interface at 4. Those of the link's own scope the kernel makes again.</summary>
    private static void AddAddress(NetworkInterface link, byte[] m)
    {
        const byte linkScope = 253;
        if (m.Length >= AddressMessageSize && I32(m, 4) == link.Index && m[3] != linkScope)
            link.Belongings.Add("an address");
    }

    /// <summary>struct rtmsg: protocol at 5; RTPROT_KERNEL is 2. RTA_OIF is 4.</summary>
    private static void AddRoute(NetworkInterface link, byte[] m)
    {
        const byte ofKernel = 2;
        const int outInterface = 4;
        if (m.Length < RouteMessageSize || m[5] == ofKernel)
            return;
        if (Nested(m.AsSpan(RouteMessageSize), outInterface) is { Length: 4 } index && I32(index, 0) == link.Index)
            link.Belongings.Add("a route");
    }

    private static byte[]? Nested(ReadOnlySpan<byte> bytes, int wanted)
    {
        var attributes = new NetlinkAttributes(bytes);
        while (attributes.Next(out var type, out var value))
            if (type == wanted)
                return value.ToArray();
        return null;
    }

    private static int I32(byte[] m, int at) => BinaryPrimitives.ReadInt32LittleEndian(m.AsSpan(at));
}
