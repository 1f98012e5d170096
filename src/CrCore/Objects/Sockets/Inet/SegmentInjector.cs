using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets.Inet;

/// <summary>
/// Gives a restored connection the segments that its other end once sent: the kernel goes from state to state only by them.
/// They come from raw sockets within the tree's network, and bear a mark by which a connection that is not open yet lets them,
/// and nothing else, in.
/// </summary>
internal sealed class SegmentInjector(DescriptorServer server) : IDisposable
{
    private OwnDescriptor? _v4, _v6;
    private int _numberV4, _numberV6;

    /// <summary>Passes packets with the mark: load it (SKF_AD_OFF + SKF_AD_MARK), compare, return all or nothing (linux/filter.h).</summary>
    public static byte[] MarkFilter { get; } = Program([new(0x20, 0, 0, 0xffff_f014), new(0x15, 0, 1, PacketHold.PassMark), new(0x06, 0, 0, uint.MaxValue), new(0x06, 0, 0, 0)]);

    /// <summary>Adds the making of the raw socket to the server's calls; its low numbers are free.</summary>
    public void Prepare(bool v6, SyscallBatch batch)
    {
        ref var number = ref v6 ? ref _numberV6 : ref _numberV4;
        if (number != 0)
            return;
        number = server.Reserve();
        DescriptorServer.Move(batch, "raw socket", batch.Must("make a raw socket", null, Sys.socket, v6 ? SocketFamily.Inet6 : SocketFamily.Inet, SocketType.Raw | SocketType.CloseOnExec, InetProtocol.Raw), number);
    }

    /// <summary>Sends a segment from the connection's other end to this one.</summary>
    public void Send(SavedDescription saved, InetSocketRecord socket, uint sequence, uint acknowledged, byte flags, ushort window)
    {
        var (from, to) = (socket.Remote.Unmapped(), socket.Local.Unmapped());
        var raw = Raw(to.IsV6);
        var packet = TcpSegment.Build(from.Bytes(), from.Port, to.Bytes(), to.Port, sequence, acknowledged, flags, window);
        // A raw socket takes a port for a protocol number (rawv6_sendmsg in net/ipv6/raw.c).
        var n = InetCalls.Send(raw, packet, (to with { Port = 0 }).ToSockaddr());
        if (n != packet.Length)
            throw new CrKernelException("CrInetFailed", $"{saved.Task}: giving {saved.Label} a segment of its other end", n < 0 ? (Errno)(-n) : Errno.EIO, "A firewall may forbid it: the segment goes from the connection's remote address to its local one within this machine.") { Object = saved.Label };
    }

    /// <summary>Takes the raw socket from the server, which closes its numbers before the last segments are due.</summary>
    public void Take(InetSocketRecord socket) => Raw(socket.Remote.Unmapped().IsV6);

    private OwnDescriptor Raw(bool v6)
    {
        ref var raw = ref v6 ? ref _v6 : ref _v4;
        if (raw is not null)
            return raw;
        raw = server.Borrow(v6 ? _numberV6 : _numberV4, "raw socket");
        var errno = SocketCalls.SetNumber(raw, SocketLevel.Socket, SocketLevel.Mark, unchecked((int)PacketHold.PassMark));
        if (errno != Errno.None)
            throw KernelError.Create("CrInetFailed", "Marking a raw socket's packets (SO_MARK)", errno, 0, null, "Restore with CAP_NET_ADMIN.");
        return raw;
    }

    private readonly record struct Instruction(ushort Code, byte True, byte False, uint K);

    private static byte[] Program(ReadOnlySpan<Instruction> instructions)
    {
        var bytes = new byte[instructions.Length * SocketFilterRecord.InstructionSize];
        for (var i = 0; i < instructions.Length; i++)
        {
            var at = bytes.AsSpan(i * SocketFilterRecord.InstructionSize);
            BitConverter.TryWriteBytes(at, instructions[i].Code);
            (at[2], at[3]) = (instructions[i].True, instructions[i].False);
            BitConverter.TryWriteBytes(at[4..], instructions[i].K);
        }
        return bytes;
    }

    public void Dispose()
    {
        _v4?.Dispose();
        _v6?.Dispose();
    }
}
