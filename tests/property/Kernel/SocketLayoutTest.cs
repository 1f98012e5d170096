using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Structures and numbers of sockets against the C library's headers, which go badly with the kernel's own in one program.</summary>
public sealed class SocketLayoutTest
{
    private const string Prologue = """
        #define _GNU_SOURCE
        #include <stdio.h>
        #include <stddef.h>
        #include <sys/ioctl.h>
        #include <sys/socket.h>
        #include <linux/sockios.h>
        #include <linux/un.h>
        """;

    private static readonly (Type Type, string C, (string Field, string Member)[] Fields)[] Structures =
    [
        (typeof(MessageHeader), "struct msghdr", [("Name", "msg_name"), ("NameLength", "msg_namelen"), ("Vector", "msg_iov"), ("VectorLength", "msg_iovlen"),
            ("Control", "msg_control"), ("ControlLength", "msg_controllen"), ("Flags", "msg_flags")]),
        (typeof(ControlHeader), "struct cmsghdr", [("Length", "cmsg_len"), ("Level", "cmsg_level"), ("Type", "cmsg_type")]),
        (typeof(SocketCredentials), "struct ucred", [("<Pid>k__BackingField", "pid"), ("<Uid>k__BackingField", "uid"), ("<Gid>k__BackingField", "gid")]),
    ];

    private static readonly (string C, long Value)[] Numbers =
    [
        ("AF_UNIX", SocketFamily.Unix), ("AF_INET", SocketFamily.Inet), ("AF_INET6", SocketFamily.Inet6), ("AF_NETLINK", SocketFamily.Netlink), ("AF_PACKET", SocketFamily.Packet),
        ("SOL_SOCKET", SocketLevel.Socket), ("SO_DEBUG", SocketLevel.Debug), ("SO_REUSEADDR", SocketLevel.ReuseAddress), ("SO_TYPE", SocketLevel.Type),
        ("SO_ERROR", SocketLevel.Error), ("SO_DONTROUTE", SocketLevel.DontRoute), ("SO_BROADCAST", SocketLevel.Broadcast), ("SO_SNDBUF", SocketLevel.SendBuffer),
        ("SO_RCVBUF", SocketLevel.ReceiveBuffer), ("SO_KEEPALIVE", SocketLevel.KeepAlive), ("SO_OOBINLINE", SocketLevel.OutOfBandInline), ("SO_NO_CHECK", SocketLevel.NoCheck),
        ("SO_PRIORITY", SocketLevel.Priority), ("SO_LINGER", SocketLevel.Linger), ("SO_REUSEPORT", SocketLevel.ReusePort), ("SO_PASSCRED", SocketLevel.PassCredentials),
        ("SO_PEERCRED", SocketLevel.PeerCredentials), ("SO_RCVLOWAT", SocketLevel.ReceiveLowWater), ("SO_RCVTIMEO", SocketLevel.ReceiveTimeout), ("SO_SNDTIMEO", SocketLevel.SendTimeout),
        ("SO_BINDTODEVICE", SocketLevel.BindToDevice), ("SO_ATTACH_FILTER", SocketLevel.AttachFilter), ("SO_TIMESTAMP", SocketLevel.TimeStamp), ("SO_ACCEPTCONN", SocketLevel.AcceptsConnections),
        ("SO_SNDBUFFORCE", SocketLevel.SendBufferForce), ("SO_RCVBUFFORCE", SocketLevel.ReceiveBufferForce), ("SO_PASSSEC", SocketLevel.PassSecurity), ("SO_TIMESTAMPNS", SocketLevel.TimeStampNs),
        ("SO_MARK", SocketLevel.Mark), ("SO_TIMESTAMPING", SocketLevel.TimeStamping), ("SO_PROTOCOL", SocketLevel.Protocol), ("SO_DOMAIN", SocketLevel.Domain),
        ("SO_RXQ_OVFL", SocketLevel.ReceiveQueueOverflow), ("SO_WIFI_STATUS", SocketLevel.WifiStatus), ("SO_PEEK_OFF", SocketLevel.PeekOffset), ("SO_NOFCS", SocketLevel.NoFrameCheck),
        ("SO_LOCK_FILTER", SocketLevel.LockFilter), ("SO_SELECT_ERR_QUEUE", SocketLevel.SelectErrorQueue), ("SO_BUSY_POLL", SocketLevel.BusyPoll), ("SO_MAX_PACING_RATE", SocketLevel.MaxPacingRate),
        ("SO_PEERGROUPS", SocketLevel.PeerGroups), ("SO_ZEROCOPY", SocketLevel.ZeroCopy), ("SO_TXTIME", SocketLevel.TransmitTime), ("SO_BINDTOIFINDEX", SocketLevel.BindToInterface),
        ("SO_TIMESTAMP_NEW", SocketLevel.TimeStampNew), ("SO_TIMESTAMPNS_NEW", SocketLevel.TimeStampNsNew), ("SO_PREFER_BUSY_POLL", SocketLevel.PreferBusyPoll), ("SO_BUSY_POLL_BUDGET", SocketLevel.BusyPollBudget),
        ("SO_BUF_LOCK", SocketLevel.BufferLock), ("SO_TXREHASH", SocketLevel.TransmitRehash), ("SO_RCVMARK", SocketLevel.ReceiveMark),
        ("SO_PASSPIDFD", SocketLevel.PassPidFd), ("SO_RCVPRIORITY", SocketLevel.ReceivePriority), ("SO_PASSRIGHTS", SocketLevel.PassRights),
        ("SIOCINQ", SocketCalls.InputQueue), ("SIOCOUTQ", SocketCalls.OutputQueue), ("SIOCUNIXFILE", SocketCalls.UnixFile),
    ];

    /// <summary>Enumerators, which no #ifdef sees.</summary>
    private static readonly (string C, long Value)[] Enumerators =
    [
        ("SOCK_STREAM", SocketType.Stream), ("SOCK_DGRAM", SocketType.Datagram), ("SOCK_RAW", SocketType.Raw), ("SOCK_SEQPACKET", SocketType.SequencedPacket),
        ("SOCK_NONBLOCK", SocketType.NonBlock), ("SOCK_CLOEXEC", SocketType.CloseOnExec), ("SCM_RIGHTS", ControlHeader.Rights), ("SCM_CREDENTIALS", ControlHeader.Credentials),
        ("MSG_OOB", MessageHeader.OutOfBand), ("MSG_PEEK", MessageHeader.Peek), ("MSG_CTRUNC", MessageHeader.ControlTruncated), ("MSG_TRUNC", MessageHeader.Truncated),
        ("MSG_DONTWAIT", MessageHeader.DontWait), ("MSG_EOR", MessageHeader.EndOfRecord), ("MSG_NOSIGNAL", MessageHeader.NoSignal), ("MSG_CMSG_CLOEXEC", MessageHeader.CloseOnExec),
    ];

    [FactWith("cc")]
    public void Structures_and_numbers_are_those_of_the_headers()
    {
        var answers = CHeaders.Ask(
        [
            .. Structures.Select(s => ($"sizeof({s.C})", (string?)null)),
            .. Structures.SelectMany(s => s.Fields.Select(f => ($"offsetof({s.C}, {f.Member})", (string?)null))),
            .. Numbers.Select(n => (n.C, (string?)n.C)),
            .. Enumerators.Select(n => (n.C, (string?)null)),
        ], Prologue);

        foreach (var (type, c, fields) in Structures)
        {
            Assert.Equal($"{c} {answers[$"sizeof({c})"]}", $"{c} {Marshal.SizeOf(type)}");
            foreach (var (field, member) in fields)
                Assert.Equal($"{member} {answers[$"offsetof({c}, {member})"]}", $"{member} {Marshal.OffsetOf(type, field)}");
        }
        foreach (var (name, value) in Enumerators)
            Assert.Equal($"{name} {answers[name]}", $"{name} {value}");
        var known = Numbers.Where(n => answers.ContainsKey(n.C)).ToArray();
        Assert.Equal(known.Select(n => $"{n.C} {answers[n.C]}"), known.Select(n => $"{n.C} {n.Value}"));
        // Headers of any age have nearly all of them; a name that is spelled wrong must not hide among the new ones.
        Assert.InRange(known.Length, Numbers.Length - 10, Numbers.Length);
    }
}
