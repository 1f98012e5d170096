using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Asks the kernel for all sockets of a network namespace (sock_diag(7)).</summary>
public sealed class SockDiag : IDisposable
{
    private const int NetlinkSockDiag = 4;
    private const ushort ByFamily = 20;

    private readonly NetlinkDump _dump;

    private SockDiag(NetlinkDump dump) => _dump = dump;

    /// <summary>For the network namespace of a task.</summary>
    /// <exception cref="CrKernelException">The namespace may not be entered, or this kernel has no sock_diag.</exception>
    public static SockDiag Open(ProcReader proc, int pid)
        => NetworkNamespace.Run(proc, pid, () => new SockDiag(NetlinkDump.TryOpen(NetlinkSockDiag, out var errno)
            ?? throw KernelError.Create("CrSockDiag", "Opening a netlink socket for sock_diag", errno, pid, null, "A kernel with CONFIG_NET_DIAG is needed.")));

    /// <summary>Sends a request of a family (struct unix_diag_req, inet_diag_req_v2, …) and gives the messages that answer it, without their nlmsghdr.</summary>
    /// <exception cref="CrKernelException">ENOENT: the kernel has no such handler (unix_diag, tcp_diag, …).</exception>
    public List<byte[]> Dump(ReadOnlySpan<byte> request)
    {
        var messages = new List<byte[]>();
        var errno = _dump.TryAsk(ByFamily, request, messages);
        return errno switch
        {
            Errno.None => messages,
            Errno.EAGAIN => throw KernelError.Create("CrSockDiag", "Listing sockets", errno, 0, null, "Sockets come and go too fast; try again."),
            _ => throw KernelError.Create("CrSockDiag", "Listing sockets through sock_diag", errno, 0, null,
                errno == Errno.ENOENT ? "The kernel lacks the module that tells of these sockets (unix_diag, tcp_diag, udp_diag, raw_diag, netlink_diag, af_packet_diag)." : null),
        };
    }

    public void Dispose() => _dump.Dispose();
}
