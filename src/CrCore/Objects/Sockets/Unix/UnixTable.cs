using System.Globalization;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>The Unix sockets of a tree, and what the kernel says of them and of those at their other ends.</summary>
internal sealed class UnixTable
{
    private readonly Dictionary<ulong, UnixDiagSocket> _diag;
    private readonly Dictionary<ulong, Descriptor> _ofTree = [];
    private readonly Dictionary<ulong, ulong> _listeners = [];
    private readonly Dictionary<UnixAddress, List<UnixDiagSocket>> _datagrams = [];
    private readonly Dictionary<ulong, List<UnixDiagSocket>> _unnamedSenders = [];

    /// <param name="pid">A task of the network namespace.</param>
    /// <param name="descriptors">All of the tree, those in flight too.</param>
    public UnixTable(ProcReader proc, int pid, IEnumerable<Descriptor> descriptors)
    {
        _diag = UnixDiag.Read(proc, pid);
        foreach (var d in descriptors)
            if (d.Socket is { Family: SocketFamily.Unix })
                _ofTree.TryAdd(d.Status.Inode, d);
        foreach (var socket in _diag.Values)
        {
            foreach (var client in socket.Pending)
                if (client != 0)
                    _listeners[client] = socket.Inode;
            if (socket.Type != SocketType.Datagram || !_ofTree.ContainsKey(socket.Inode))
                continue;
            if (!socket.Name.IsNone)
                Add(_datagrams, socket.Name, socket);
            else if (socket.Peer is > 0 and var peer)
                Add(_unnamedSenders, peer, socket);
        }
    }

    private static void Add<T>(Dictionary<T, List<UnixDiagSocket>> map, T key, UnixDiagSocket socket) where T : notnull
    {
        if (!map.TryGetValue(key, out var list))
            map.Add(key, list = []);
        list.Add(socket);
    }

    public UnixDiagSocket? Find(ulong inode) => _diag.GetValueOrDefault(inode);

    public bool IsOfTree(ulong inode) => _ofTree.ContainsKey(inode);

    /// <summary>A descriptor of the tree onto a socket, or null.</summary>
    public Descriptor? DescriptorOf(ulong inode) => _ofTree.GetValueOrDefault(inode);

    /// <summary>The listening socket at which a socket waits to be accepted, or 0.</summary>
    public ulong ListenerOf(ulong client) => _listeners.GetValueOrDefault(client);

    /// <summary>
    /// Which socket of the tree sent a datagram: the one with its address; of those without, one that is connected to the
    /// receiver and has sent what nobody has read yet. Of several the receiver's own peer, who is the last that could. 0 when
    /// there is none.
    /// </summary>
    public ulong SenderOf(UnixAddress address, ulong receiver)
    {
        var candidates = address.IsNone ? _unnamedSenders.GetValueOrDefault(receiver) : _datagrams.GetValueOrDefault(address);
        if (candidates?.Find(c => c.OutLength > 0 && c.Inode == Find(receiver)?.Peer) is { } peer)
            return peer.Inode;
        foreach (var candidate in candidates ?? [])
            if (candidate.OutLength > 0 && (!address.IsFile || candidates!.Count == 1 || candidate.Peer == receiver))
                return candidate.Inode;
        return 0;
    }

    /// <summary>The sockets outside of the tree that one of the tree needs: its peer, the listening socket it waits at, or who waits at it.</summary>
    public IEnumerable<ulong> OutsideOf(UnixDiagSocket socket)
    {
        if (socket.Peer is > 0 and var peer && !IsOfTree(peer))
            yield return peer;
        if (socket.Peer == 0 && ListenerOf(socket.Inode) is > 0 and var listener && !IsOfTree(listener))
            yield return listener;
        foreach (var client in socket.Pending)
            if (client != 0 && !IsOfTree(client))
                yield return client;
    }

    /// <summary>How the link below /proc/PID/fd calls a socket.</summary>
    public static string NameOf(ulong inode) => string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
}
