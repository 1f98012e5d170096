using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Address families (AF_* of linux/socket.h).</summary>
public static class SocketFamily
{
    public const int Unix = 1, Inet = 2, Inet6 = 10, Netlink = 16, Packet = 17;
}

/// <summary>Socket types (SOCK_* of linux/net.h).</summary>
public static class SocketType
{
    public const int Stream = 1, Datagram = 2, Raw = 3, SequencedPacket = 5, OldPacket = 10, NonBlock = 0x800, CloseOnExec = 0x80000;
}

/// <summary>SOL_SOCKET and its options (asm-generic/socket.h).</summary>
public static class SocketLevel
{
    public const int Socket = 1;

    public const int Debug = 1, ReuseAddress = 2, Type = 3, Error = 4, DontRoute = 5, Broadcast = 6, SendBuffer = 7, ReceiveBuffer = 8,
        KeepAlive = 9, OutOfBandInline = 10, NoCheck = 11, Priority = 12, Linger = 13, ReusePort = 15, PassCredentials = 16,
        PeerCredentials = 17, ReceiveLowWater = 18, ReceiveTimeout = 20, SendTimeout = 21, BindToDevice = 25, AttachFilter = 26, DetachFilter = 27, PeerName = 28, TimeStamp = 29,
        AcceptsConnections = 30, SendBufferForce = 32, ReceiveBufferForce = 33, PassSecurity = 34, TimeStampNs = 35, Mark = 36,
        TimeStamping = 37, Protocol = 38, Domain = 39, ReceiveQueueOverflow = 40, WifiStatus = 41, PeekOffset = 42, NoFrameCheck = 43,
        LockFilter = 44, SelectErrorQueue = 45, BusyPoll = 46, MaxPacingRate = 47, IncomingCpu = 49, PeerGroups = 59, ZeroCopy = 60, TransmitTime = 61,
        BindToInterface = 62, TimeStampNew = 63, TimeStampNsNew = 64, TimeStampingNew = 65, PreferBusyPoll = 69, BusyPollBudget = 70, BufferLock = 72, ReserveMemory = 73,
        TransmitRehash = 74, ReceiveMark = 75, PassPidFd = 76, ReceivePriority = 82, PassRights = 83;

    /// <summary>Bits of <see cref="BufferLock"/>: the size was set, and the kernel leaves it alone.</summary>
    public const int SendBufferLocked = 1, ReceiveBufferLocked = 2;
}

/// <summary>struct msghdr of sendmsg(2) as the kernel has it (struct user_msghdr of linux/socket.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MessageHeader
{
    public ulong Name;
    public int NameLength;
    public int Pad1;
    public ulong Vector;
    public ulong VectorLength;
    public ulong Control;
    public ulong ControlLength;
    public uint Flags;
    public uint Pad2;

    /// <summary>MSG_* of linux/socket.h.</summary>
    public const int OutOfBand = 1, Peek = 2, ControlTruncated = 8, Truncated = 0x20, DontWait = 0x40, EndOfRecord = 0x80, NoSignal = 0x4000, CloseOnExec = 0x40000000;
}

/// <summary>The head of a control message (struct cmsghdr); padded to 8 bytes with what follows it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ControlHeader
{
    public ulong Length;
    public int Level;
    public int Type;

    public const int Size = 16;

    /// <summary>SCM_RIGHTS and SCM_CREDENTIALS of linux/socket.h.</summary>
    public const int Rights = 1, Credentials = 2;

    /// <summary>The most descriptors in one message (SCM_MAX_FD of net/scm.h).</summary>
    public const int MaxRights = 253;
}

/// <summary>struct ucred of linux/socket.h: who sent a message, or who is at the other end.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct SocketCredentials(int Pid, uint Uid, uint Gid);
