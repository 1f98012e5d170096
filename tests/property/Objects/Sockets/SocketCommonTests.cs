using System.Buffers.Binary;
using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Sockets;
using FsCheck.Xunit;
using Xunit;
using Socket = System.Net.Sockets.Socket;

namespace CrProperty.Objects.Sockets;

/// <summary>What sockets of all families share: who they are, their options, and the kernel's list of them.</summary>
public class SocketCommonTests
{
    [Property]
    public void Options(byte[][] values)
    {
        var record = new SocketOptionsRecord([.. values.Take(200).Select((v, i) => new SocketOptionValue(i, i * 7, v.Take(SocketOptionValue.MaxBytes).ToArray()))]);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Property]
    public void Filter(byte length)
    {
        var record = new SocketFilterRecord(new byte[(length + 1) * SocketFilterRecord.InstructionSize]);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(12)]
    public void AFilterOfPartOfAnInstructionIsAnError(int bytes)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new SocketFilterRecord(new byte[bytes])));

    [Fact]
    public void A_socket_says_what_it_is()
    {
        using var socket = SocketCalls.TryMake(SocketFamily.Inet6, SocketType.Datagram, 0, out _)!;

        Assert.Equal(new SocketIdentity(SocketFamily.Inet6, SocketType.Datagram, 17), SocketIdentity.Of(socket));
        Assert.Equal(SocketIdentity.Of(socket), SocketIdentity.Of(Environment.ProcessId, socket.Number));
    }

    [Fact]
    public void Options_of_one_socket_come_onto_another()
    {
        using var first = SocketCalls.TryMake(SocketFamily.Unix, SocketType.Stream, 0, out _)!;
        using var second = SocketCalls.TryMake(SocketFamily.Unix, SocketType.Stream, 0, out _)!;
        SocketCalls.SetNumber(first, SocketLevel.Socket, SocketLevel.PassCredentials, 1);
        SocketCalls.SetNumber(first, SocketLevel.Socket, SocketLevel.SendBuffer, 20_000);
        SocketCalls.SetNumber(first, SocketLevel.Socket, SocketLevel.Priority, 5);
        var linger = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(linger, 1);
        BinaryPrimitives.WriteInt32LittleEndian(linger.AsSpan(4), 17);
        Assert.Equal(Errno.None, SocketCalls.SetOption(first, SocketLevel.Socket, SocketLevel.Linger, linger));
        // Two instructions: load the length, return it (linux/filter.h).
        byte[] program = [0x80, 0, 0, 0, 0, 0, 0, 0, 0x16, 0, 0, 0, 0, 0, 0, 0];
        Assert.Equal(Errno.None, SocketCalls.SetFilter(first, program));

        var d = Of(first);
        var options = SocketOptions.Capture(first, d, SocketOptions.Common);
        var filter = SocketFilter.Capture(first, d)!;
        var saved = Saved(options, filter);
        SocketFilter.Restore(second, saved);
        SocketOptions.Restore(second, saved);

        Assert.Equal(program, filter.Instructions.ToArray());
        Assert.Equal(options, SocketOptions.Capture(second, d, SocketOptions.Common));
        Assert.Equal(filter, SocketFilter.Capture(second, d));
    }

    [Fact]
    public void A_value_that_the_kernel_refuses_is_an_error_with_its_name()
    {
        using var socket = SocketCalls.TryMake(SocketFamily.Unix, SocketType.Stream, 0, out _)!;
        var saved = Saved(new SocketOptionsRecord([new(SocketLevel.Socket, SocketLevel.BufferLock, new byte[] { 0xff, 0, 0, 0 })]));

        var e = Assert.Throws<CrKernelException>(() => SocketOptions.Restore(socket, saved));

        Assert.Equal(("CrSocketOptionFailed", Errno.EINVAL), (e.Id, e.Errno));
        Assert.Contains("SO_BUF_LOCK", e.Message);
    }

    [Fact]
    public void The_kernels_list_has_an_own_socket()
    {
        using var proc = new ProcReader();
        using var socket = new Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        var name = $"\0cr-test-{Guid.NewGuid():N}";
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(name));
        using var diag = SockDiag.Open(proc, Environment.ProcessId);
        // struct unix_diag_req of linux/unix_diag.h: all states, names.
        var request = new byte[24];
        request[0] = SocketFamily.Unix;
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(4), uint.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(request.AsSpan(12), 1);

        Assert.Contains(diag.Dump(request), message =>
        {
            var attributes = new NetlinkAttributes(message.AsSpan(16));
            while (attributes.Next(out var type, out var value))
                if (type == 0 && value.SequenceEqual(System.Text.Encoding.ASCII.GetBytes(name)))
                    return true;
            return false;
        });
    }

    private static Descriptor Of(OwnDescriptor socket)
        => new(Environment.ProcessId, socket.Number, "socket:[1]", NamePlace.Nameless, default, default, []);

    private static SavedDescription Saved(params ICrRecord[] records)
        => new(new FdDataRecord { ObjRef = 1, FdType = FdType.File, Mode = 3, Flags = 2, Position = 0 }, "socket:[1]", records, null!, 3);
}
