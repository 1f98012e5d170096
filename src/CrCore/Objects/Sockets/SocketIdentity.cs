using CrCore.Kernel;

namespace CrCore.Objects.Sockets;

/// <summary>What a socket is: what was given to socket(2) when it was made.</summary>
/// <param name="Family">AF_*, see <see cref="SocketFamily"/>.</param>
/// <param name="Type">SOCK_*, without flags; see <see cref="SocketType"/>.</param>
/// <param name="Protocol">0 where the family has none.</param>
public sealed record SocketIdentity(int Family, int Type, int Protocol)
{
    /// <summary>Asks the socket behind a descriptor of a task; null when it is gone or may not be reached.</summary>
    internal static SocketIdentity? Of(int pid, int fd)
    {
        try
        {
            using var task = PidFd.Open(pid);
            using var own = task.TryGet(fd, out _);
            return own is null ? null : Of(own);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
        {
            return null;
        }
    }

    internal static SocketIdentity? Of(OwnDescriptor own)
    {
        var family = SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.Domain, out var errno);
        return errno != Errno.None ? null : new(family,
            SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.Type, out _),
            SocketCalls.GetNumber(own, SocketLevel.Socket, SocketLevel.Protocol, out _));
    }
}
