using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace CrCore.Kernel;

/// <summary>Requests of linux/if_tun.h, on descriptors of this process.</summary>
internal static unsafe class TunCalls
{
    public const uint SetInterface = 0x400454ca, SetPersistent = 0x400454cb, SetQueue = 0x400454d9, SetIndex = 0x400454da;

    /// <summary>Bytes of struct ifreq: the name, then what is asked for.</summary>
    public const int RequestSize = 40, NameSize = 16;

    private const uint GetInterface = 0x800454d2, GetSendBuffer = 0x800454d3, SetSendBuffer = 0x400454d4, GetHeaderSize = 0x800454d7, SetHeaderSize = 0x400454d8,
        GetLittleEndian = 0x800454dd, SetLittleEndian = 0x400454dc, GetFilter = 0x801054db, SetOwner = 0x400454cc, SetGroup = 0x400454ce, SetCarrier = 0x400454e2;
    private const int GetNamespace = 0x54e3;

    /// <summary>EBADFD: it is attached to none.</summary>
    public static Errno ReadInterface(OwnDescriptor queue, out string name, out uint flags)
    {
        Span<byte> request = stackalloc byte[RequestSize];
        request.Clear();
        var e = SocketCalls.Control(queue, GetInterface, request);
        name = Encoding.ASCII.GetString(request[..NameSize].TrimEnd((byte)0));
        flags = BinaryPrimitives.ReadUInt16LittleEndian(request[NameSize..]);
        return e;
    }

    /// <summary>struct ifreq for <see cref="SetInterface"/> and <see cref="SetQueue"/>.</summary>
    public static byte[] Request(string name, uint flags)
    {
        var request = new byte[RequestSize];
        Encoding.ASCII.GetBytes(name, request.AsSpan(0, NameSize - 1));
        BinaryPrimitives.WriteUInt16LittleEndian(request.AsSpan(NameSize), (ushort)flags);
        return request;
    }

    public static Errno ReadSendBuffer(OwnDescriptor queue, out int bytes) => Get(queue, GetSendBuffer, out bytes);

    public static Errno WriteSendBuffer(OwnDescriptor queue, int bytes) => Set(queue, SetSendBuffer, bytes);

    /// <summary>Of the virtio header before each packet (IFF_VNET_HDR).</summary>
    public static Errno ReadHeaderSize(OwnDescriptor queue, out int bytes) => Get(queue, GetHeaderSize, out bytes);

    public static Errno WriteHeaderSize(OwnDescriptor queue, int bytes) => Set(queue, SetHeaderSize, bytes);

    public static Errno ReadLittleEndian(OwnDescriptor queue, out int isSo) => Get(queue, GetLittleEndian, out isSo);

    public static Errno WriteLittleEndian(OwnDescriptor queue, int isSo) => Set(queue, SetLittleEndian, isSo);

    public static Errno WriteCarrier(OwnDescriptor queue, int hasOne) => Set(queue, SetCarrier, hasOne);

    public static Errno WriteOwner(OwnDescriptor queue, uint uid) => Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, queue.Number, SetOwner, uid));

    public static Errno WriteGroup(OwnDescriptor queue, uint gid) => Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, queue.Number, SetGroup, gid));

    /// <summary>Whether the device stays when nobody is attached to it any more.</summary>
    public static Errno WritePersistent(OwnDescriptor queue, int isSo) => Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, queue.Number, SetPersistent, isSo));

    /// <summary>The interface's number, for a device that is made next.</summary>
    public static Errno WriteIndex(OwnDescriptor queue, int index) => Set(queue, SetIndex, index);

    public static Errno Attach(OwnDescriptor queue, string name, uint flags) => SocketCalls.Control(queue, SetInterface, Request(name, flags));

    /// <summary>Whether packets are filtered by a program (TUNATTACHFILTER), whose instructions are not told; of TAP devices.</summary>
    public static bool HasFilter(OwnDescriptor queue)
    {
        // struct sock_fprog: u16 length, then a pointer of the one who set it.
        Span<byte> program = stackalloc byte[16];
        program.Clear();
        return SocketCalls.Control(queue, GetFilter, program) == Errno.None && MemoryMarshal.Read<ushort>(program) != 0;
    }

    /// <summary>The inode of the network namespace that the interface is in; 0 where it is not told (Linux 5.2).</summary>
    public static ulong NamespaceOf(OwnDescriptor queue)
    {
        var r = Libc.Syscall(Sys.ioctl, queue.Number, GetNamespace);
        if (r < 0)
            return 0;
        using var opened = OwnDescriptor.Adopt(r);
        return FileStatus.ReadOwn(opened.Number, out var status) == Errno.None ? status.Inode : 0;
    }

    private static Errno Get(OwnDescriptor queue, uint request, out int value)
    {
        var v = 0;
        var r = Libc.Syscall(Sys.ioctl, queue.Number, request, (long)&v);
        value = v;
        return Libc.ErrnoOf(r);
    }

    private static Errno Set(OwnDescriptor queue, uint request, int value) => Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, queue.Number, request, (long)&value));
}
