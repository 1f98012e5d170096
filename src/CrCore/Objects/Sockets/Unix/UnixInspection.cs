using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Preflight of a checkpoint: which Unix sockets cannot be saved, and why.</summary>
internal sealed class UnixInspection
{
    private readonly DescriptorInspection _inspection;
    private readonly UnixTable _table;
    private readonly HolderIndex? _outside;
    private readonly HashSet<ulong> _seen = [];

    public UnixInspection(DescriptorInspection inspection)
    {
        _inspection = inspection;
        var context = inspection.Context;
        List<Descriptor> all = [.. inspection.All, .. inspection.Held.All];
        // Of a frozen tree it is the one that capture uses.
        _table = context.States.Get(() => new UnixTable(context.Proc, context.Root.Pid, all));
        var wanted = new HashSet<string>();
        foreach (var d in all)
            if (d.Socket is { Family: SocketFamily.Unix } && _table.Find(d.Status.Inode) is { } socket)
                foreach (var other in _table.OutsideOf(socket))
                    wanted.Add(UnixTable.NameOf(other));
        // Only then: looking through all of /proc takes its time.
        if (wanted.Count > 0)
            _outside = inspection.FindHolders(wanted);
    }

    public void Inspect(Descriptor d)
    {
        if (!_seen.Add(d.Status.Inode))
            return;
        using var own = Borrow(d);
        if (own is null)
            return;
        if (_table.Find(d.Status.Inode) is not { } socket)
        {
            // It may have been closed since; frozen, it is there.
            if (_inspection.Context.IsFrozen)
                _inspection.Refuse(d, "CrUnixOtherNamespace", "the Unix socket is of another network namespace than the tree's root, which is not saved yet");
            return;
        }
        if (SocketFilter.IsUnreadable(own))
            _inspection.Refuse(d, "CrSocketFilterUnreadable", "the socket has a filter of extended BPF, which the kernel does not give back", "Let the program take it off (SO_DETACH_FILTER).");
        InspectQueue(d, own, socket);
        InspectOthers(d, socket);
        if (socket.IsListening)
            InspectPending(d, socket);
        if (UnixFiles.Read(_inspection.Context.Proc, own, d, socket, Namespaces.FurtherMounts.Of(_inspection.Context)) is null)
            _inspection.Refuse(d, "CrUnixFileUnknown", $"it is bound to the file {socket.Name}, and where that is now cannot be told: it was renamed away, has further names, or another mount lies over it",
                "Checkpoint as root, or let the program bind it anew.");
    }

    private OwnDescriptor? Borrow(Descriptor d)
    {
        try
        {
            using var task = PidFd.Open(d.Pid);
            return task.TryGet(d.Fd, out _);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            return null;
        }
    }

    private void InspectQueue(Descriptor d, OwnDescriptor own, UnixDiagSocket socket)
    {
        Span<byte> one = stackalloc byte[1];
        if (socket.Type == SocketType.Stream)
        {
            if (SocketMessages.TryReceive(own, one, MessageHeader.OutOfBand | MessageHeader.Peek | MessageHeader.DontWait, out _) is not null)
                _inspection.RefuseForNow(d, "CrUnixOutOfBand", "an out-of-band byte (MSG_OOB) waits in it, which cannot be saved yet", "Let the program read it first.");
        }
        else if (UnixQueue.HasError(own) && SocketCalls.AskNumber(own, SocketCalls.InputQueue) > 0)
        {
            _inspection.RefuseForNow(d, "CrUnixErrorQueued", "an error waits before the messages in it, and looking at them would take it", "Let the program read it first.");
        }
    }

    private void InspectOthers(Descriptor d, UnixDiagSocket socket)
    {
        foreach (var other in _table.OutsideOf(socket))
        {
            var holders = _outside?.Of(UnixTable.NameOf(other)) ?? [];
            // Before the freeze it may be in flight within the tree.
            if (holders.Count == 0 && !_inspection.Context.IsFrozen)
                continue;
            var who = holders.Count > 0 ? $"{string.Join(", ", holders)} outside of the tree" : "somebody outside of the tree whom this program does not see";
            var (peer, isClient) = (_table.Find(other), socket.IsListening);
            var what = isClient ? "waits to be accepted by it" : socket.Peer == 0 ? "has not accepted it yet" : $"has its other end{(peer is { Name.IsNone: false } ? $" ({peer.Name})" : "")}";
            Tell(d, $"{who} {what}", canReconnect: !isClient && IsReachable(peer), canBeGiven: !isClient);
        }
    }

    /// <summary>Its address leads to it from anywhere.</summary>
    private static bool IsReachable(UnixDiagSocket? peer) => peer is { Name: { IsNone: false } name } && (name.IsAbstract || name.Path.Span[0] == (byte)'/');

    private void Tell(Descriptor d, string reason, bool canReconnect, bool canBeGiven)
    {
        const string advice = "Checkpoint that process too, or choose with -ExternalUnixSocket what becomes of the connection (Reconnect, Close or Given).";
        switch (_inspection.Options.ExternalUnixSocket)
        {
            case ExternalUnixSocketPolicy.Close:
                _inspection.Warn(d, "CrExternalUnixSocket", reason + "; it is restored as if that end had been closed");
                break;
            case ExternalUnixSocketPolicy.Given when canBeGiven:
                _inspection.Warn(d, "CrExternalUnixSocket", reason + "; another one must be given at the restore (-Descriptor), and what waits in it is lost");
                break;
            case ExternalUnixSocketPolicy.Reconnect when canReconnect:
                _inspection.Warn(d, "CrExternalUnixSocket", reason + "; it is connected to that address anew, and what waited in it is lost");
                break;
            case ExternalUnixSocketPolicy.Reconnect:
                _inspection.Refuse(d, "CrExternalUnixSocket", reason + ", and has no address that leads to it from anywhere", "Checkpoint that process too, or give up the connection (-ExternalUnixSocket Close).");
                break;
            default:
                _inspection.Refuse(d, "CrExternalUnixSocket", reason, advice);
                break;
        }
    }

    /// <summary>
    /// Connections that nobody has accepted are made anew. What was sent on them lies in a socket that has no descriptor, which
    /// nobody can look into without taking it from the program.
    /// </summary>
    private void InspectPending(Descriptor d, UnixDiagSocket socket)
    {
        foreach (var client in socket.Pending)
        {
            if (client == 0)
                _inspection.RefuseForNow(d, "CrUnixPendingClosed", "a connection to it was closed before it was accepted, and what was sent on it cannot be seen", "Try again once the program has accepted it.");
            else if (_table.IsOfTree(client) && _table.Find(client) is { OutLength: > 0 })
                _inspection.RefuseForNow(d, "CrUnixPendingData", $"a connection to it was not accepted yet, and has data from {_table.DescriptorOf(client)!.Label} of task {_table.DescriptorOf(client)!.TaskPid} that cannot be seen",
                    "Try again once the program has accepted it.");
        }
    }
}
