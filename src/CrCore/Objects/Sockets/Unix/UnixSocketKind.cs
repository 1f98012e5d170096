using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Unix sockets (unix(7)): stream, datagram and seqpacket, with what waits in them.</summary>
internal sealed class UnixSocketKind : IDescriptorKind
{
    /// <summary>A stand-in for a closed peer, a listening socket for the moment of connecting, a passing sender, the root directory.</summary>
    private const int Helpers = 3;

    public IReadOnlyList<FdType> Types { get; } = [FdType.UnixSocket];

    public IEnumerable<RecordType> Records =>
    [
        new(UnixRecordIds.Socket, "UNIX_SOCKET", UnixSocketRecord.Read, UnixSocketRecord.MaxSize),
        new(UnixRecordIds.Message, "UNIX_MESSAGE", UnixMessageRecord.Read, UnixMessageRecord.MaxSize),
    ];

    public bool Claims(Descriptor d) => d.Socket is { Family: SocketFamily.Unix };

    public void Inspect(DescriptorInspection inspection, Descriptor d)
        => inspection.Context.States.Get(() => new UnixInspection(inspection)).Inspect(d);

    /// <summary>fdinfo counts the descriptors that wait in a socket (unix_show_fdinfo in net/unix/af_unix.c).</summary>
    public IReadOnlyList<OwnDescriptor> Carried(Descriptor d)
    {
        if (d.Detail("scm_fds") == "0")
            return [];
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        if (own is null || SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.AcceptsConnections, out _) != 0)
            return [];
        return [.. UnixQueue.Read(own, d.Socket!.Type, d).SelectMany(message => message.Rights)];
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var sockets = capture.Context.States.Get(() => new UnixCapture(capture));
        return sockets.TryGiven(d) is { } records ? new(FdType.Given, d.Name, Records: records) : new(FdType.UnixSocket, d.Name, Records: sockets.Capture(d));
    }

    /// <summary>Only one that was to be connected to outside of the tree, and that is no other's peer.</summary>
    public GivenForm? FormOf(SavedDescription saved) => saved.Get<UnixSocketRecord>() is { PeerState: UnixPeer.Outside, IsDatagram: false } socket
        ? new(new SocketIdentity(SocketFamily.Unix, socket.SocketType, 0), IsConnected: true) : null;

    public void Give(DescriptorServer server, SavedDescription saved, OwnDescriptor given)
    {
        SocketFilter.Restore(given, saved);
        SocketOptions.Restore(given, saved);
    }

    public void Check(CheckContext context, SavedDescription saved)
        => context.States.Get(() => new UnixCheck(context)).Check(saved);

    public int HelperNumbers(SavedDescription saved) => Helpers;

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
        => server.Context.States.Get(() => new UnixRestore(server)).Make;

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        server.Context.States.Get(() => new UnixRestore(server)).Link();
        server.SetFlags(saved, batch);
    }

    /// <summary>Sockets depend on each other: the first that is called for makes them all.</summary>
    private sealed class UnixRestore(DescriptorServer server)
    {
        private readonly UnixImage _image = new(server.Files, server.Context.Options.ExternalUnixSocket == ExternalUnixSocketPolicy.Close);
        private UnixMaker? _maker;
        private bool _isLinked;

        public void Make()
        {
            if (_maker is not null)
                return;
            _maker = new UnixMaker(server, _image, new UnixOrder(_image));
            _maker.MakeAll();
        }

        public void Link()
        {
            if (_isLinked)
                return;
            _isLinked = true;
            using var sender = new UnixSender(server);
            new UnixLinker(server, _image, _maker!, sender).LinkAll();
        }
    }
}
