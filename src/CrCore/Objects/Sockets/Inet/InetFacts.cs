using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>What sock_diag tells of the Internet sockets of the tree's network namespace; each list is asked for once, when it is needed.</summary>
/// <param name="pid">Any task of the tree: all are in one network namespace.</param>
internal sealed class InetFacts(int pid) : IDisposable
{
    private readonly Dictionary<(int Family, int Protocol), Dictionary<ulong, InetDiagEntry>> _lists = [];
    private SockDiag? _diag;

    public static InetFacts Of(DescriptorCapture capture) => capture.Context.States.Get(() => new InetFacts(capture.Context.Root.Pid));

    /// <summary>What is known of a socket; null for one that is in no list: not bound, or of a protocol that this kernel does not tell of.</summary>
    public InetDiagEntry? Of(ProcReader proc, SocketIdentity socket, ulong inode)
    {
        if (socket.Type == SocketType.Raw || socket.Protocol is not (InetProtocol.Tcp or InetProtocol.Udp or InetProtocol.UdpLite))
            return null;
        if (!_lists.TryGetValue((socket.Family, socket.Protocol), out var list))
            _lists.Add((socket.Family, socket.Protocol), list = Ask(proc, socket));
        return list.TryGetValue(inode, out var entry) ? entry : null;
    }

    /// <summary>
    /// Where a raw socket is connected to; getpeername(2) does not say it, for want of a port. The tables show it behind the
    /// local address: <c>sl local_address rem_address st … inode</c> (raw_sock_seq_show in net/ipv4/raw.c).
    /// </summary>
    public InetAddress? RawRemote(ProcReader proc, int family, ulong inode)
    {
        if (!proc.TryRead(pid, family == SocketFamily.Inet6 ? "net/raw6"u8 : "net/raw"u8, out var text))
            return null;
        foreach (var line in Encoding.ASCII.GetString(text).Split('\n'))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, var remote, _, _, _, _, _, _, var number, ..]
                && ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n == inode)
                return Parse(remote) is { IsAny: false } address ? address : null;
        return null;
    }

    /// <summary>Words of 4 bytes as this machine reads them, in hexadecimal, and the port behind a colon.</summary>
    private static InetAddress Parse(string text)
    {
        var bytes = Convert.FromHexString(text.AsSpan(0, text.IndexOf(':')));
        for (var at = 0; at < bytes.Length; at += 4)
            bytes.AsSpan(at, 4).Reverse();
        return bytes.Length == 4 ? new(false, 0, BinaryPrimitives.ReadUInt32BigEndian(bytes), 0, 0, 0)
            : new(true, BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)), 0, 0, 0);
    }

    private Dictionary<ulong, InetDiagEntry> Ask(ProcReader proc, SocketIdentity socket)
    {
        _diag ??= SockDiag.Open(proc, pid);
        try
        {
            return InetDiag.List(_diag, socket.Family, socket.Protocol);
        }
        catch (CrKernelException e) when (e.Errno == Errno.ENOENT && socket.Protocol != InetProtocol.Tcp)
        {
            // Without udp_diag: what is missing is a shutdown of one direction only.
            return [];
        }
    }

    public void Dispose() => _diag?.Dispose();
}
