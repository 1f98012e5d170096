using System.Runtime.InteropServices;
using System.Text;

namespace CrCore.Kernel;

/// <summary>Settings of an interface of this thread's network namespace (netdevice(7)).</summary>
internal sealed class NetworkInterfaceCalls : IDisposable
{
    private const uint SetFlags = 0x8914, SetMtu = 0x8922, SetAddress = 0x8924, SetQueueLength = 0x8943;

    private readonly OwnDescriptor _socket;
    private readonly string _name;

    public NetworkInterfaceCalls(string name)
    {
        _name = name;
        _socket = SocketCalls.TryMake(SocketFamily.Inet, SocketType.Datagram, 0, out var errno)
            ?? throw KernelError.Create("CrTunFailed", "Opening a socket to set an interface", errno);
    }

    public Errno Flags(uint flags) => Set(SetFlags, (ushort)flags);

    public Errno Mtu(uint mtu) => Set(SetMtu, mtu);

    public Errno QueueLength(uint packets) => Set(SetQueueLength, packets);

    /// <param name="type">ARPHRD_* of linux/if_arp.h.</param>
    /// <param name="address">Six bytes.</param>
    public Errno Address(ushort type, ReadOnlySpan<byte> address)
    {
        var request = Request();
        // struct sockaddr: family, then the bytes.
        MemoryMarshal.Write(request.AsSpan(TunCalls.NameSize), type);
        address.CopyTo(request.AsSpan(TunCalls.NameSize + 2));
        return SocketCalls.Control(_socket, SetAddress, request);
    }

    private Errno Set(uint what, uint value)
    {
        var request = Request();
        MemoryMarshal.Write(request.AsSpan(TunCalls.NameSize), value);
        return SocketCalls.Control(_socket, what, request);
    }

    private byte[] Request()
    {
        var request = new byte[TunCalls.RequestSize];
        Encoding.ASCII.GetBytes(_name, request);
        return request;
    }

    public void Dispose() => _socket.Dispose();
}
