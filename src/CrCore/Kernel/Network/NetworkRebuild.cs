namespace CrCore.Kernel;

/// <summary>What of a network namespace could not be made.</summary>
/// <param name="What">For people.</param>
/// <param name="Errno">What the kernel said.</param>
internal readonly record struct NetworkFailure(string What, Errno Errno);

/// <summary>Makes what leads packets in the network namespace of the calling thread as it was saved.</summary>
internal static class NetworkRebuild
{
    /// <summary>struct fib_rule_hdr: flags at 8, of which FIB_RULE_INVERT is asked for; the rest says how it goes.</summary>
    private const int RuleFlagsAt = 8;

    private const byte Inverted = 2;

    // NDA_* of linux/neighbour.h.
    private const int NeighborCacheInfo = 3, NeighborProbes = 4;

    /// <summary>What two listings of the same have in common.</summary>
    public static NetworkObject Normalize(NetworkObject one) => one.Kind switch
    {
        NetworkObjectKind.Link => new NetworkLink(one).Normalize(withUp: true),
        NetworkObjectKind.Address => NetworkAddresses.Normalize(one),
        NetworkObjectKind.Route => NetworkRoutes.Normalize(one),
        NetworkObjectKind.Neighbor => Neighbor(one),
        _ => Rule(one),
    };

    /// <summary>All but the making of interfaces, which are taken up here. Null when all is as it was saved.</summary>
    public static NetworkFailure? Lead(IReadOnlyList<NetworkObject> saved)
    {
        using var routes = RouteNetlink.TryOpen(out var errno);
        if (routes is null)
            return new("rtnetlink", errno);
        return NetworkAddresses.Restore(routes, saved, settled: false) ?? NetworkLinks.Raise(routes, saved) ?? NetworkAddresses.Restore(routes, saved, settled: true)
            ?? NetworkRoutes.Restore(routes, saved) ?? Neighbors(routes, saved) ?? Rules(routes, saved);
    }

    private static NetworkFailure? Neighbors(RouteNetlink routes, IReadOnlyList<NetworkObject> saved)
    {
        foreach (var one in saved)
            if (one.Kind == NetworkObjectKind.Neighbor && routes.Make(Neighbor(one), RouteNetlink.Create | RouteNetlink.Replace) is var errno && errno != Errno.None)
                return new(one.ToString(), errno);
        return null;
    }

    /// <summary>Rules of the same priority count in the order in which they were made, which is that of the list.</summary>
    private static NetworkFailure? Rules(RouteNetlink routes, IReadOnlyList<NetworkObject> saved)
    {
        foreach (var family in (ReadOnlySpan<byte>)[SocketFamily.Inet, SocketFamily.Inet6])
        {
            var there = new List<NetworkObject>();
            if (routes.List(NetworkObjectKind.Rule, family, there) is var listed && listed != Errno.None)
                return new("routing rules", listed);
            var due = new List<NetworkObject>();
            foreach (var one in saved)
                if (one.Kind == NetworkObjectKind.Rule && one.Message[0] == family)
                    due.Add(Rule(one));
            foreach (var one in there)
                if (!due.Remove(Rule(one)) && routes.Remove(one) is var errno && errno != Errno.None)
                    return new($"taking away the {one}", errno);
            foreach (var one in due)
                if (routes.Make(one, RouteNetlink.Create) is var errno && errno != Errno.None)
                    return new(one.ToString(), errno);
        }
        return null;
    }

    private static NetworkObject Rule(NetworkObject rule)
    {
        var message = rule.Message.ToArray();
        message.AsSpan(RuleFlagsAt, sizeof(uint)).Clear();
        message[RuleFlagsAt] = (byte)(rule.Message[RuleFlagsAt] & Inverted);
        return new(NetworkObjectKind.Rule, message);
    }

    private static NetworkObject Neighbor(NetworkObject neighbor)
    {
        var writer = new NetlinkWriter();
        writer.Raw(neighbor.Message.AsSpan(0, NetworkObject.FixedSize(NetworkObjectKind.Neighbor)));
        NetworkAddresses.Copy(neighbor, writer, static type => type is not (NeighborCacheInfo or NeighborProbes));
        return new(NetworkObjectKind.Neighbor, writer.Bytes.ToArray());
    }
}
