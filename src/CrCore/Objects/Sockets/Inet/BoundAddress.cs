using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>Binds a restored socket to its address, or asks beforehand whether that would succeed.</summary>
internal static class BoundAddress
{
    public const string TakenAdvice = "Another process has the address; end it, and restore again (ss -tulpn shows who has it).";

    /// <summary>
    /// Tries on a socket that is gone at once. Sockets of the image that share an address are asked for one by one, so that
    /// none of them is in the other's way.
    /// </summary>
    public static void Check(CheckContext context, SavedDescription saved, InetSocketRecord socket)
    {
        // Nobody else is in a network that is made anew.
        if ((context.Namespaces.Flags & CloneFlags.NewNet) != 0)
            return;
        using var probe = SocketCalls.TryMake(socket.Family, socket.SocketType, socket.Protocol, out _);
        // What is missing for the socket itself is told where it is made.
        if (probe is null || (socket.Device.Length > 0 && SetDevice(probe, socket.Device) != Errno.None))
            return;
        if (socket.Uid != 0 || socket.Gid != 0)
            probe.ChangeOwner(socket.Uid, socket.Gid);
        SocketOptions.TryRestore(probe, saved, o => InetOptions.IsBeforeBind(o.Level, o.Name));
        switch (TryBind(probe, socket, out _))
        {
            case Errno.EADDRINUSE:
                context.Refuse(saved.Task, "CrAddressInUse", saved.Label, $"its address {socket.Local} is taken", TakenAdvice);
                break;
            case Errno.EACCES or Errno.EPERM:
                context.Refuse(saved.Task, "CrAddressDenied", saved.Label, $"binding to {socket.Local} is not allowed", "Restore with CAP_NET_BIND_SERVICE.", CrErrorKind.PermissionDenied);
                break;
        }
    }

    /// <summary>
    /// With SO_REUSEADDR for everybody: the saved values come when all are bound. An address that the machine does not have (any
    /// more) can be bound to with IP_FREEBIND; that option, too, gets its saved value later.
    /// </summary>
    public static Errno TryBind(OwnDescriptor own, InetSocketRecord socket, out bool isMissing)
    {
        SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.ReuseAddress, 1);
        if (socket is not { Local.Port: 0, SocketType: not SocketType.Raw })
            return TryBindAnywhere(own, socket, out isMissing);
        // The kernel must not choose a port yet (IP_BIND_ADDRESS_NO_PORT, or what is left when a datagram socket was disconnected).
        var before = SocketCalls.GetNumber(own, InetOptions.Ip, InetOptions.IpBindNoPort, out _);
        SocketCalls.SetNumber(own, InetOptions.Ip, InetOptions.IpBindNoPort, 1);
        var errno = TryBindAnywhere(own, socket, out isMissing);
        SocketCalls.SetNumber(own, InetOptions.Ip, InetOptions.IpBindNoPort, before);
        return errno;
    }

    private static Errno TryBindAnywhere(OwnDescriptor own, InetSocketRecord socket, out bool isMissing)
    {
        var errno = WithDevice(own, socket, () => InetCalls.Bind(own, socket.Local.ToSockaddr()));
        isMissing = errno == Errno.EADDRNOTAVAIL && socket.SocketType != SocketType.Raw;
        if (!isMissing)
            return errno;
        SocketCalls.SetNumber(own, InetOptions.Ip, InetOptions.IpFreeBind, 1);
        return InetCalls.Bind(own, socket.Local.ToSockaddr());
    }

    /// <summary>
    /// A socket may have been bound or connected first, and to an interface afterwards that does not lead there. Then the same
    /// order leads to it again.
    /// </summary>
    public static Errno WithDevice(OwnDescriptor own, InetSocketRecord socket, Func<Errno> call)
    {
        var errno = call();
        if (socket.Device.Length == 0 || errno is not (Errno.EADDRNOTAVAIL or Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EINVAL))
            return errno;
        if (SetDevice(own, "") != Errno.None)
            return errno;
        errno = call();
        var back = SetDevice(own, socket.Device);
        return errno == Errno.None ? back : errno;
    }

    /// <summary>SO_BINDTODEVICE; no name takes it away.</summary>
    public static Errno SetDevice(OwnDescriptor own, string name)
        => SocketCalls.SetOption(own, SocketLevel.Socket, SocketLevel.BindToDevice, Encoding.ASCII.GetBytes(name + '\0'));
}
