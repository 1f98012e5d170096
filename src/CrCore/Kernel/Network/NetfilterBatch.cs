using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Sends a transaction of nf_tables and takes its acknowledgements.</summary>
internal static class NetfilterBatch
{
    private const int ErrorMessage = 2, BufferSize = 64 * 1024;
    private const int PollIn = 1;

    /// <exception cref="CrKernelException">The kernel refused a message, and so all of them.</exception>
    public static void Send(OwnDescriptor netlink, (byte[] Bytes, int Acknowledged) batch, string what)
    {
        var errno = TrySend(netlink, batch);
        if (errno != Errno.None)
            throw KernelError.Create("CrTcpHold", what, errno, 0, "nf_tables", errno switch
            {
                Errno.EPERM => "Run with CAP_NET_ADMIN.",
                Errno.ENOBUFS => "The system's bound on a socket's buffer (net.core.wmem_max) is too small for so many connections.",
                _ => "The kernel must have nf_tables with the inet family (CONFIG_NF_TABLES_INET, Linux 5.13).",
            });
    }

    public static Errno TrySend(OwnDescriptor netlink, (byte[] Bytes, int Acknowledged) batch)
    {
        // A batch has to go in one piece.
        SocketCalls.SetNumber(netlink, SocketLevel.Socket, SocketLevel.SendBufferForce, Math.Max(1 << 18, batch.Bytes.Length * 2));
        var n = InetCalls.Send(netlink, batch.Bytes);
        if (n < 0)
            return (Errno)(-n);
        var buffer = new byte[BufferSize];
        var first = Errno.None;
        for (var due = batch.Acknowledged; due > 0 && first == Errno.None;)
        {
            if ((netlink.PollNow(PollIn) & PollIn) == 0)
                return Errno.ETIMEDOUT;
            var got = netlink.Read(buffer);
            if (got <= 0)
                return got < 0 ? (Errno)(-got) : Errno.EIO;
            for (var rest = buffer.AsSpan(0, (int)got); rest.Length >= NetlinkWriter.HeaderSize + 4;)
            {
                var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
                if (BinaryPrimitives.ReadUInt16LittleEndian(rest[4..]) == ErrorMessage)
                {
                    var code = BinaryPrimitives.ReadInt32LittleEndian(rest[NetlinkWriter.HeaderSize..]);
                    if (code != 0 && first == Errno.None)
                        first = (Errno)(-code);
                    due--;
                }
                rest = rest[Math.Min(rest.Length, Math.Max(NetlinkWriter.HeaderSize, (length + 3) & ~3))..];
            }
        }
        return first;
    }
}
