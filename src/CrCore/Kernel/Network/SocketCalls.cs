namespace CrCore.Kernel;

/// <summary>
/// Calls on sockets of this process: often second descriptors onto sockets of other tasks (pidfd_getfd(2)), which see
/// nothing of it. Results are the call's own, or −errno.
/// </summary>
public static unsafe class SocketCalls
{
    /// <summary>SIOCINQ and SIOCOUTQ of linux/sockios.h; SIOCUNIXFILE of linux/un.h.</summary>
    public const uint InputQueue = 0x541b, OutputQueue = 0x5411, UnixFile = 0x89e0;

    private const int MaxAddress = 128;

    /// <summary>socket(2) in this thread's network namespace, always close-on-exec; null and the errno when it fails.</summary>
    public static OwnDescriptor? TryMake(int family, int type, int protocol, out Errno errno)
    {
        var r = Libc.Syscall(Sys.socket, family, type | SocketType.CloseOnExec, protocol);
        errno = Libc.ErrnoOf(r);
        return r >= 0 ? OwnDescriptor.Adopt(r) : null;
    }

    /// <summary>getsockopt(2): the bytes that the kernel wrote.</summary>
    public static long GetOption(OwnDescriptor socket, int level, int name, Span<byte> value)
    {
        var length = value.Length;
        fixed (byte* p = value)
        {
            var r = Libc.Syscall(Sys.getsockopt, socket.Number, level, name, (long)p, (long)&length);
            return r < 0 ? r : length;
        }
    }

    /// <summary>An option that is an int, or −errno in <paramref name="errno"/> and 0.</summary>
    public static int GetNumber(OwnDescriptor socket, int level, int name, out Errno errno)
    {
        var value = 0;
        errno = Libc.ErrnoOf(GetOption(socket, level, name, new Span<byte>(&value, sizeof(int))));
        return value;
    }

    /// <summary>setsockopt(2).</summary>
    public static Errno SetOption(OwnDescriptor socket, int level, int name, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = value)
            return Libc.ErrnoOf(Libc.Syscall(Sys.setsockopt, socket.Number, level, name, (long)p, value.Length));
    }

    /// <summary>setsockopt(2) with a structure that points to room for an answer.</summary>
    /// <param name="pointerAt">Where in the value the pointer belongs.</param>
    /// <param name="room">Bytes of the room; what comes there is not looked at.</param>
    public static Errno SetOptionWithRoom(OwnDescriptor socket, int level, int name, Span<byte> value, int pointerAt, int room)
    {
        fixed (byte* answer = new byte[Math.Max(1, room)])
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(value[pointerAt..], (ulong)answer);
            return SetOption(socket, level, name, value);
        }
    }

    public static Errno SetNumber(OwnDescriptor socket, int level, int name, int value)
        => SetOption(socket, level, name, new ReadOnlySpan<byte>(&value, sizeof(int)));

    /// <summary>getsockname(2): the whole sockaddr, its family included.</summary>
    public static Errno GetName(OwnDescriptor socket, out byte[] address) => Address(Sys.getsockname, socket, out address);

    /// <summary>getpeername(2); ENOTCONN where there is no other end.</summary>
    public static Errno GetPeerName(OwnDescriptor socket, out byte[] address) => Address(Sys.getpeername, socket, out address);

    private static Errno Address(Sys call, OwnDescriptor socket, out byte[] address)
    {
        var buffer = stackalloc byte[MaxAddress];
        var length = MaxAddress;
        var r = Libc.Syscall(call, socket.Number, (long)buffer, (long)&length);
        address = r < 0 ? [] : new Span<byte>(buffer, Math.Min(length, MaxAddress)).ToArray();
        return Libc.ErrnoOf(r);
    }

    /// <summary>An ioctl that gives an int (<see cref="InputQueue"/>, <see cref="OutputQueue"/>), or −errno.</summary>
    public static long AskNumber(OwnDescriptor socket, uint request)
    {
        var value = 0;
        var r = Libc.Syscall(Sys.ioctl, socket.Number, request, (long)&value);
        return r < 0 ? r : value;
    }

    /// <summary>An ioctl on a structure, such as struct ifreq.</summary>
    public static Errno Control(OwnDescriptor socket, uint request, Span<byte> structure)
    {
        fixed (byte* p = structure)
            return Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, socket.Number, request, (long)p));
    }

    /// <summary>An O_PATH descriptor onto the file that a Unix socket is bound to, wherever it went since (unix_open_file in net/unix/af_unix.c; needs CAP_NET_ADMIN).</summary>
    public static OwnDescriptor? TryOpenUnixFile(OwnDescriptor socket, out Errno errno)
    {
        var r = Libc.Syscall(Sys.ioctl, socket.Number, UnixFile);
        errno = Libc.ErrnoOf(r);
        return r >= 0 ? OwnDescriptor.Adopt(r) : null;
    }

    /// <summary>SO_GET_FILTER: instructions of 8 bytes; its length counts instructions, not bytes.</summary>
    public static long GetFilter(OwnDescriptor socket, Span<byte> instructions)
    {
        var count = instructions.Length / 8;
        fixed (byte* p = instructions)
        {
            var r = Libc.Syscall(Sys.getsockopt, socket.Number, SocketLevel.Socket, SocketLevel.AttachFilter, (long)p, (long)&count);
            return r < 0 ? r : count;
        }
    }

    /// <summary>SO_ATTACH_FILTER with a struct sock_fprog of linux/filter.h.</summary>
    public static Errno SetFilter(OwnDescriptor socket, ReadOnlySpan<byte> instructions)
    {
        fixed (byte* p = instructions)
        {
            var program = stackalloc ulong[] { (ulong)(instructions.Length / 8), (ulong)p };
            return Libc.ErrnoOf(Libc.Syscall(Sys.setsockopt, socket.Number, SocketLevel.Socket, SocketLevel.AttachFilter, (long)program, 16));
        }
    }
}
