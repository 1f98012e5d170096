using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Addresses of interfaces: made as they were listed, whatever the kernel gives an interface by itself.</summary>
internal static class NetworkAddresses
{
    /// <summary>struct ifaddrmsg: family, prefix length, flags, scope, then the interface's index.</summary>
    private const int FlagsAt = 2, IndexAt = 4, Size = 8;

    // IFA_* and IFA_F_* of linux/if_addr.h.
    public const int Address = 1, Local = 2;
    private const int CacheInfo = 6, FlagsAttribute = 8;
    private const uint NoDad = 2, Tentative = 0x40, OfDetection = 0x8 | Tentative;

    /// <summary>What two listings of the same address have in common.</summary>
    public static NetworkObject Normalize(NetworkObject address)
    {
        var writer = new NetlinkWriter();
        Span<byte> head = stackalloc byte[Size];
        address.Message.AsSpan(0, Size).CopyTo(head);
        head[FlagsAt] = 0;
        writer.Raw(head);
        Copy(address, writer, static type => type is not (CacheInfo or FlagsAttribute));
        return new(NetworkObjectKind.Address, writer.Bytes.ToArray());
    }

    /// <summary>
    /// Adds those that are missing and takes away those that are too much. IPv6 ones that were in use
    /// come without a search for duplicates, to be so at once; for those that were being searched for it begins anew.
    /// </summary>
    public static NetworkFailure? Restore(RouteNetlink routes, IReadOnlyList<NetworkObject> saved, bool settled)
    {
        foreach (var family in (ReadOnlySpan<byte>)[SocketFamily.Inet, SocketFamily.Inet6])
        {
            List<NetworkObject> wanted = [], there = [];
            foreach (var one in saved)
                if (one.Kind == NetworkObjectKind.Address && one.Message[0] == family)
                    wanted.Add(one);
            if (routes.List(NetworkObjectKind.Address, family, there) is var listed && listed != Errno.None)
                return new("addresses", listed);
            RemoveOthers(routes, wanted, there);
            // The kernel lists new IPv6 addresses before older ones (ipv6_link_dev_addr in net/ipv6/addrconf.c).
            if (family == SocketFamily.Inet6)
                wanted.Reverse();
            foreach (var one in wanted)
                if (routes.Make(WithFlags(one, settled), RouteNetlink.Create | RouteNetlink.Replace) is var errno && errno != Errno.None)
                    return new(one.ToString(), errno);
        }
        return null;
    }

    /// <summary>IPv4 addresses of an interface are made in their order: the first of a network is the one that is used.</summary>
    private static void RemoveOthers(RouteNetlink routes, List<NetworkObject> wanted, List<NetworkObject> there)
    {
        foreach (var index in there.Select(Index).Distinct().ToList())
        {
            var here = there.FindAll(one => Index(one) == index);
            var should = wanted.FindAll(one => Index(one) == index);
            var ordered = here.Count <= should.Count && here.Zip(should).All(pair => IsSame(pair.First, pair.Second));
            foreach (var one in here)
                if (!should.Exists(other => IsSame(one, other)) || (!one.IsInet6 && !ordered))
                    // One that went with the address before it (net.ipv4.conf.*.promote_secondaries) is gone already.
                    routes.Remove(one);
        }
    }

    private static int Index(NetworkObject address) => BinaryPrimitives.ReadInt32LittleEndian(address.Message.AsSpan(IndexAt));

    private static bool IsSame(NetworkObject one, NetworkObject other)
        => one.Message[1] == other.Message[1] && one.Find(Local).SequenceEqual(other.Find(Local)) && one.Find(Address).SequenceEqual(other.Find(Address));

    private static NetworkObject WithFlags(NetworkObject address, bool settled)
    {
        var flags = address.Find(FlagsAttribute) is { Length: 4 } told ? BinaryPrimitives.ReadUInt32LittleEndian(told) : address.Message[FlagsAt];
        if (address.IsInet6)
            flags = (flags & ~OfDetection) | (settled || (flags & OfDetection) == Tentative ? 0 : NoDad);
        var writer = new NetlinkWriter();
        writer.Raw(address.Message.AsSpan(0, Size));
        Copy(address, writer, static type => type != FlagsAttribute);
        Span<byte> value = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(value, flags);
        writer.Attribute(FlagsAttribute, value);
        return new(NetworkObjectKind.Address, writer.Bytes.ToArray());
    }

    /// <summary>Copies attributes as they are.</summary>
    public static void Copy(NetworkObject from, NetlinkWriter to, Predicate<int> isKept)
    {
        var attributes = from.Attributes;
        while (attributes.Next(out var type, out _))
            if (isKept(type))
                to.Raw(attributes.Whole);
    }
}
