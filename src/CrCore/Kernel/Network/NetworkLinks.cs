namespace CrCore.Kernel;

/// <summary>Interfaces of the calling thread's network namespace: made as they were listed, with their indexes.</summary>
internal static class NetworkLinks
{
    // IFLA_STATS, IFLA_STATS64: packets that went by.
    private const int Counters = 7, LongCounters = 23;

    public static Errno TryRead(RouteNetlink routes, List<NetworkObject> objects)
    {
        var all = new List<NetworkObject>();
        var errno = routes.List(NetworkObjectKind.Link, 0, all);
        foreach (var one in all)
        {
            var writer = new NetlinkWriter();
            writer.Raw(one.Message.AsSpan(0, NetworkObject.FixedSize(NetworkObjectKind.Link)));
            NetworkAddresses.Copy(one, writer, static type => type is not (Counters or LongCounters));
            objects.Add(new(NetworkObjectKind.Link, writer.Bytes.ToArray()));
        }
        return errno;
    }

    /// <summary>Makes those that are not there, all of them down, and sets what they have but for addresses.</summary>
    public static NetworkFailure? Make(IReadOnlyList<NetworkObject> saved)
    {
        using var routes = RouteNetlink.TryOpen(out var errno);
        if (routes is null)
            return new("rtnetlink", errno);
        var links = Links(saved);
        if (links.Count == 0)
            return null;
        var there = new List<NetworkObject>();
        if (TryRead(routes, there) is var listed && listed != Errno.None)
            return new("network interfaces", listed);
        var present = Links(there).Select(link => (link.Index, link.Name)).ToHashSet();
        if (Create(routes, links, links.FindAll(link => !present.Contains((link.Index, link.Name)))) is { } failure)
            return failure;
        foreach (var link in links)
            foreach (var message in link.Settings())
                if (routes.Make(message, 0) is var refused && refused != Errno.None)
                    return new($"network interface {link.Name}", refused);
        return null;
    }

    /// <summary>Takes up those that were.</summary>
    public static NetworkFailure? Raise(RouteNetlink routes, IReadOnlyList<NetworkObject> saved)
    {
        foreach (var link in Links(saved))
            if ((link.Flags & NetworkLink.Up) != 0 && routes.Make(link.Raising(), 0) is var errno && errno != Errno.None)
                return new($"network interface {link.Name}", errno);
        return null;
    }

    /// <summary>
    /// In a new network namespace: those that cannot be made there as they are, with the reason. What a new one has by itself is not asked for.
    /// </summary>
    public static List<(string What, string Reason)> Try(IReadOnlyList<NetworkObject> saved)
    {
        var refused = new List<(string, string)>();
        using var routes = RouteNetlink.TryOpen(out _);
        var there = new List<NetworkObject>();
        if (routes is null || TryRead(routes, there) != Errno.None)
            return refused;
        var present = Links(there).Select(link => (link.Index, link.Name)).ToHashSet();
        foreach (var link in Links(saved))
            if (!present.Contains((link.Index, link.Name)) && link.Refusal() is { } reason)
                refused.Add(($"network interface {link.Name}", reason));
        if (refused.Count > 0)
            return refused;
        if (Make(saved) is { } failure)
            return [(failure.What, $"the kernel does not take it in a new network namespace: {failure.Errno} ({failure.Errno.Describe()})")];
        there.Clear();
        TryRead(routes, there);
        var made = Links(there).Select(link => link.Normalize(withUp: false)).ToHashSet();
        foreach (var link in Links(saved))
            if (!made.Contains(link.Normalize(withUp: false)))
                refused.Add(($"network interface {link.Name}", "made again, it has not all of its options"));
        return refused;
    }

    /// <summary>Those below others come first: each round makes those for which all is there.</summary>
    private static NetworkFailure? Create(RouteNetlink routes, List<NetworkLink> all, List<NetworkLink> due)
    {
        while (due.Count > 0)
        {
            NetworkFailure? first = null;
            var left = new List<NetworkLink>();
            var made = new HashSet<int>();
            foreach (var link in due)
            {
                if (made.Contains(link.Index))
                    continue;
                var peer = link.Kind == "veth" ? all.Find(other => other.Index == link.Lower) : null;
                var errno = (link.Kind, peer) switch
                {
                    ("veth", null) => Errno.ENODEV,
                    (TunDevice.Kind, _) => TunDevice.Make(link.Name, link.Index, link.Data),
                    _ => routes.Make(link.Creation(peer), RouteNetlink.Create | RouteNetlink.Exclusive),
                };
                if (errno != Errno.None)
                {
                    first ??= new($"network interface {link.Name}", errno);
                    left.Add(link);
                }
                else if (peer is not null)
                    made.Add(peer.Index);
            }
            if (left.Count == due.Count)
                return first;
            due = left;
        }
        return null;
    }

    private static List<NetworkLink> Links(IReadOnlyList<NetworkObject> objects)
    {
        var links = new List<NetworkLink>();
        foreach (var one in objects)
            if (one.Kind == NetworkObjectKind.Link)
                links.Add(new(one));
        return links;
    }
}
