using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Sockets of IPv4 and IPv6: TCP in every state, UDP, UDP-Lite, raw and ping sockets (ip(7), ipv6(7)). They are made in the
/// server, which is in the right network namespace; all else is done through a second descriptor of this process.
/// </summary>
internal sealed class InetKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.InetSocket];

    public IEnumerable<RecordType> Records =>
    [
        new(InetRecordIds.Socket, "INET_SOCKET", InetSocketRecord.Read, InetSocketRecord.PayloadSize),
        new(InetRecordIds.TcpConnection, "TCP_CONNECTION", TcpConnectionRecord.Read, TcpConnectionRecord.MaxPayload),
        new(InetRecordIds.Membership, "INET_MEMBERSHIP", MembershipRecord.Read, MembershipRecord.MaxPayload),
        new(InetRecordIds.TcpData, "TCP_DATA", TcpDataRecord.Read, 4 + TcpDataRecord.MaxBytes),
        new(InetRecordIds.Datagram, "INET_DATAGRAM", DatagramRecord.Read, DatagramRecord.MaxPayload),
    ];

    public bool Claims(Descriptor d) => d.Socket is { Family: SocketFamily.Inet or SocketFamily.Inet6 };

    public void Inspect(DescriptorInspection inspection, Descriptor d) => InetInspection.Inspect(inspection, d);

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        if (!InetInspection.IsKnown(d.Socket!))
            throw new CrTargetException("CrInetProtocol", $"Task {d.Pid}: {d.Label} is of a protocol that cannot be saved; it was opened after preflight.", "Run the checkpoint again.") { Pid = d.Pid, Object = d.Label };
        using var own = capture.Borrow(d);
        var socket = ConnectingSockets.Of(capture.Context.States).Find(d) ?? LiveInetSocket.Read(own, d, capture.Context.Proc, InetFacts.Of(capture));
        if (socket.IsConnection && socket.State != TcpState.Close && capture.Options.TcpEstablished == TcpEstablishedPolicy.Reset)
            socket = socket with { State = TcpState.Close, HasError = false, IsBound = false };
        // IP_TOS sets SO_PRIORITY, too (ip_sock_set_tos in net/ipv4/ip_sockglue.c): what all sockets have comes last.
        var records = SocketParts.Capture(own, d, socket, InetOptions.All, socket.IsTcp ? InetOptions.OfTcp : InetOptions.OfDatagrams,
            socket.IsTcp && !socket.IsConnection ? InetOptions.OfUnconnectedTcp : [], socket.State == TcpState.Listen ? InetOptions.OfFastOpen : [], SocketOptions.Common);
        if (!socket.IsTcp)
            records.AddRange(Memberships.Of(own, socket.Family, capture.Context.Proc, capture.Context.Root.Pid));
        if (socket.IsConnection)
            records.AddRange(socket.State == TcpState.Close ? TcpCapture.ReadClosed(own, d)
                : TcpCapture.ReadConnection(own, d, socket, TcpHold.Of(capture).NameFor(socket)));
        else if (!socket.IsTcp)
            AddQueue(capture, d, own, socket, records);
        return new(FdType.InetSocket, LiveInetSocket.Describe(socket), Records: records);
    }

    private static void AddQueue(DescriptorCapture capture, Descriptor d, OwnDescriptor own, InetSocketRecord socket, List<ICrRecord> records)
    {
        var waiting = socket is { SocketType: SocketType.Datagram, Protocol: InetProtocol.Udp } ? DatagramQueue.TryRead(own, socket) : null;
        if (waiting is null)
        {
            if (SocketCalls.AskNumber(own, SocketCalls.InputQueue) > 0)
                capture.Warn(d, "CrDatagramsLost", "datagrams that wait to be read are not saved, as if the network had lost them");
            return;
        }
        var lost = waiting.RemoveAll(datagram => !DatagramQueue.CanBeSent(datagram));
        if (lost > 0)
            capture.Warn(d, "CrDatagramsLost", $"{lost} datagrams that wait to be read were sent to a group or to all, and are not saved, as if the network had lost them");
        records.AddRange(waiting);
    }

    public void Check(CheckContext context, SavedDescription saved) => InetCheck.Check(context, saved, Require(saved));

    /// <summary>One that listens, or knows no connection (as services get them from who starts them).</summary>
    public GivenForm? FormOf(SavedDescription saved)
    {
        var socket = Require(saved);
        return socket.IsConnection ? null : new(new SocketIdentity(socket.Family, socket.SocketType, socket.Protocol), IsListening: socket.State == TcpState.Listen, IsConnected: socket.HasRemote);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var socket = Require(saved);
        var restoring = server.Context.States.Get(() => new InetRestore(server.Context));
        restoring.MakeInjectors(server, socket, batch);
        SocketParts.Make(server, saved, socket.Family, socket.SocketType, socket.Protocol, batch);
        return () => restoring.Make(server, saved, socket);
    }

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
        => server.Context.States.Get(() => new InetRestore(server.Context)).Listen(saved, Require(saved));

    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
        => server.Context.States.Get(() => new InetRestore(server.Context)).Finish(saved, Require(saved));

    private static InetSocketRecord Require(SavedDescription saved) => SocketParts.Require<InetSocketRecord>(saved, "INET_SOCKET");
}
