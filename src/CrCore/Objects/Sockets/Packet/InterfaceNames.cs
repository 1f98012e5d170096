using System.Runtime.InteropServices;
using System.Text;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets.Packet;

/// <summary>Names and indices of the interfaces of this thread's network namespace (netdevice(7)): the name is what is saved, the index may be another one later.</summary>
internal sealed class InterfaceNames : IDisposable
{
    private const uint GetName = 0x8910, GetIndex = 0x8933;
    private const int RequestSize = 40, NameSize = 16;

    private readonly OwnDescriptor _socket;

    private InterfaceNames(OwnDescriptor socket) => _socket = socket;

    public static InterfaceNames Read() => new(SocketCalls.TryMake(SocketFamily.Inet, SocketType.Datagram, 0, out var errno)
        ?? throw KernelError.Create("CrPacketFailed", "Opening a socket to ask for interfaces", errno));

    /// <summary>The name; "" for index 0 and for one that is gone.</summary>
    public string Of(int index)
    {
        Span<byte> request = stackalloc byte[RequestSize];
        MemoryMarshal.Write(request[NameSize..], index);
        return index != 0 && SocketCalls.Control(_socket, GetName, request) == Errno.None ? Encoding.ASCII.GetString(request[..request.IndexOf((byte)0)]) : "";
    }

    public int Require(SavedDescription saved, string name)
    {
        Span<byte> request = stackalloc byte[RequestSize];
        Encoding.ASCII.GetBytes(name, request[..(NameSize - 1)]);
        PacketKind.Must(saved, $"looking for the interface {name} for", SocketCalls.Control(_socket, GetIndex, request));
        return MemoryMarshal.Read<int>(request[NameSize..]);
    }

    public void Dispose() => _socket.Dispose();
}
