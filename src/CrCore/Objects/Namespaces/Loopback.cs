using System.Buffers.Binary;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Namespaces;

/// <summary>The one interface that a new network namespace has, down at first (netdevice(7)).</summary>
internal static class Loopback
{
    private const int Inet = 2, Datagram = 2, CloseOnExec = 0x80000;
    private const int SetFlags = 0x8914, Up = 1;

    /// <summary>struct ifreq: the name in 16 bytes, then a union of 24.</summary>
    private const int RequestSize = 40, FlagsAt = 16;

    private static byte[] Request()
    {
        var request = new byte[RequestSize];
        "lo"u8.CopyTo(request);
        BinaryPrimitives.WriteInt16LittleEndian(request.AsSpan(FlagsAt), Up);
        return request;
    }

    /// <summary>In the network namespace of the calling thread.</summary>
    public static void RaiseHere()
    {
        using var socket = SocketCalls.TryMake(Inet, Datagram, 0, out _);
        if (socket is not null)
            SocketCalls.Control(socket, SetFlags, Request());
    }

    public static void Raise(SyscallBatch batch)
    {
        var socket = batch.Must("make a socket", null, Sys.socket, Inet, Datagram | CloseOnExec, 0);
        batch.Must("raise the interface", "lo", Sys.ioctl, socket, SetFlags, batch.In(Request()));
        batch.Must("close the socket", null, Sys.close, socket);
    }
}
