using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// Puts messages back: sends them once more, through second descriptors of this process onto the server's sockets. Passing
/// credentials are set here alone; the sockets' own options come later.
/// </summary>
internal sealed class UnixSender(DescriptorServer server) : IDisposable
{
    /// <summary>Half of the largest buffer (sk_setsockopt doubles it): what is put back was in the old one.</summary>
    private const int AmpleBuffer = 0x3fffffff;

    private readonly Dictionary<int, OwnDescriptor> _sockets = [];
    private readonly Dictionary<int, OwnDescriptor> _files = [];
    private readonly List<IdMapRange> _users = [], _groups = [];
    private bool _knowsIds;

    /// <summary>This process's descriptor onto one of the server's sockets.</summary>
    public OwnDescriptor Socket(int number, string label)
    {
        if (_sockets.TryGetValue(number, out var own))
            return own;
        own = server.Borrow(number, label);
        // Without CAP_NET_ADMIN as large as the system's bound allows.
        if (SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.SendBufferForce, AmpleBuffer) != Errno.None)
            SocketCalls.SetNumber(own, SocketLevel.Socket, SocketLevel.SendBuffer, AmpleBuffer);
        return _sockets[number] = own;
    }

    /// <summary>Sends one message, all of it.</summary>
    /// <param name="to">The receiver, where the sender is not connected to it.</param>
    public void Send(int sender, UnixSaved receiver, UnixMessageRecord message, ReadOnlySpan<byte> bytes, UnixSaved? to)
    {
        var socket = Socket(sender, receiver.Label);
        var address = to is null ? [] : AddressOf(to);
        var rights = new List<OwnDescriptor>(message.Rights.Count);
        try
        {
            foreach (var right in message.Rights)
                rights.Add(server.Borrow(server.NumberOf(server.Files.Description(right)), receiver.Label));
            var n = SocketMessages.Send(socket, bytes, address, rights, Outside(message.Credentials));
            if (n == -(int)Errno.EPERM && message.Credentials is not null)
            {
                server.Context.Warn(server.Context.Tasks[receiver.Saved.Task.Index], "CrUnixCredentialsLost", receiver.Label,
                    "a message in it was sent by another process, and saying so takes CAP_SYS_ADMIN; it names this program's user");
                n = SocketMessages.Send(socket, bytes, address, rights);
            }
            if (n != bytes.Length)
                throw Failed(receiver, bytes.Length, n < 0 ? (Errno)(-n) : Errno.EMSGSIZE);
        }
        finally
        {
            foreach (var right in rights)
                right.Dispose();
        }
    }

    private static CrKernelException Failed(UnixSaved receiver, int length, Errno errno)
        => new("CrUnixRefillFailed", $"{receiver.Saved.Task}: putting {length} bytes back into {receiver.Label}", errno,
            errno is Errno.EAGAIN or Errno.EMSGSIZE or Errno.ENOBUFS ? "Restore with CAP_NET_ADMIN, or raise net.core.wmem_max." : null) { Object = receiver.Label };

    /// <summary>An abstract name as it is; a file through a descriptor onto it, wherever it is now.</summary>
    private byte[] AddressOf(UnixSaved to)
    {
        if (!to.Socket.Address.IsFile)
            return to.Socket.Address.ToSockAddr();
        var number = server.NumberOf(to.Saved);
        if (!_files.TryGetValue(number, out var file))
            file = _files[number] = SocketCalls.TryOpenUnixFile(Socket(number, to.Label), out var errno)
                ?? throw new CrKernelException("CrUnixRefillFailed", $"{to.Saved.Task}: opening the file of {to.Label}", errno, "Restore with CAP_NET_ADMIN.") { Object = to.Label };
        return UnixAddress.FromPath(System.Text.Encoding.ASCII.GetBytes($"/proc/self/fd/{file.Number}")).ToSockAddr();
    }

    /// <summary>As this process says it: its own numbers of tasks and users. Null for nobody.</summary>
    private SocketCredentials? Outside(SocketCredentials? inside)
    {
        const uint overflow = 65534;
        if (inside is not { } c || (c is { Pid: 0, Uid: overflow }))
            return null;
        var task = c.Pid > 0 && server.Context.Image.FindTask(c.Pid) is { Task.IsEnded: false } image ? server.Context.Tasks[image.Index] : server.Context.Root;
        ReadIds();
        return new(task.Pid, Outside(_users, c.Uid), Outside(_groups, c.Gid));
    }

    private void ReadIds()
    {
        if (_knowsIds || !server.Context.InUserNamespace)
            return;
        _knowsIds = true;
        ProcIdMap.TryReadUsers(server.Context.Proc, server.Context.Root.Pid, _users);
        ProcIdMap.TryReadGroups(server.Context.Proc, server.Context.Root.Pid, _groups);
    }

    private static uint Outside(List<IdMapRange> ranges, uint inside)
    {
        foreach (var r in ranges)
            if (inside >= r.Inside && inside - r.Inside < r.Length)
                return r.Outside + (inside - r.Inside);
        return inside;
    }

    /// <summary>Lets go of a socket that is to be closed.</summary>
    public void Release(int number)
    {
        if (_sockets.Remove(number, out var own))
            own.Dispose();
    }

    public void Dispose()
    {
        foreach (var own in _sockets.Values)
            own.Dispose();
        foreach (var file in _files.Values)
            file.Dispose();
    }
}
