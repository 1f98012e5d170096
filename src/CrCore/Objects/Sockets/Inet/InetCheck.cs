using System.IO.Enumeration;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>Preflight of a restore: what a saved socket needs of this machine.</summary>
internal static class InetCheck
{
    /// <summary>What becomes of a connection.</summary>
    public static TcpEstablishedPolicy PolicyFor(RestoreOptions options, InetSocketRecord socket)
    {
        string local = socket.Local.Unmapped().ToString(), remote = socket.Remote.Unmapped().ToString();
        foreach (var choice in options.TcpEstablishedChoices)
            if (Fits(choice.Pattern, remote) || Fits(choice.Pattern, local))
                return choice.Policy;
        return options.TcpEstablished;
    }

    private static bool Fits(string pattern, string address) => FileSystemName.MatchesSimpleExpression(pattern, address);

    public static void Check(CheckContext context, SavedDescription saved, InetSocketRecord socket)
    {
        if (!socket.IsConnection && socket.IsBound && socket.SocketType != SocketType.Raw)
            BoundAddress.Check(context, saved, socket);
        if (!socket.IsConnection || socket.State == TcpState.Close)
            return;
        if (PolicyFor(context.Options, socket) == TcpEstablishedPolicy.Fail)
            context.Refuse(saved.Task, "CrTcpEstablished", saved.Label, "it is a TCP connection, and such are refused", "Choose with -TcpEstablished what becomes of it (Restore or Reset).", CrErrorKind.Obstacle);
        if (!context.InUserNamespace && !Capabilities.Has(context.Proc, Capabilities.NetAdmin))
            context.Refuse(saved.Task, "CrTcpRepairDenied", saved.Label, "restoring a TCP connection needs CAP_NET_ADMIN", "Restore as root.", CrErrorKind.PermissionDenied);
        if (!IsOfThisMachine(context, socket))
            context.Refuse(saved.Task, "CrAddressMissing", saved.Label, $"this machine does not have the connection's address {socket.Local}", "Give the address to an interface, or have the connection closed (-TcpEstablished Reset).", CrErrorKind.Obstacle);
    }

    /// <summary>Asks by binding a socket to it. A new network has its loopback, and the addresses that were saved with it.</summary>
    private static bool IsOfThisMachine(CheckContext context, InetSocketRecord socket)
    {
        if ((context.Namespaces.Flags & CloneFlags.NewNet) != 0)
            return socket.Local.Unmapped() is var local && (local.IsLoopback || NetworkRestore.HasAddress(context.Image.Root, local.Bytes()));
        using var probe = SocketCalls.TryMake(socket.Family, SocketType.Datagram, 0, out _);
        return probe is null || InetCalls.Bind(probe, (socket.Local with { Port = 0 }).ToSockaddr()) != Errno.EADDRNOTAVAIL;
    }
}
