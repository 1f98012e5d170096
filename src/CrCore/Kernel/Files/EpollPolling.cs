using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct epoll_params of linux/eventpoll.h: how an epoll(7) instance polls the network devices behind its sockets (Linux 6.9).</summary>
/// <param name="Microseconds">How long a wait polls before it sleeps.</param>
/// <param name="Budget">Packets taken in one go.</param>
/// <param name="IsPreferred">1: interrupts stay off while it polls.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct EpollPolling(uint Microseconds, ushort Budget, byte IsPreferred)
{
    /// <summary>EPIOCSPARAMS and EPIOCGPARAMS.</summary>
    public const uint Set = 0x40088a01, Get = 0x80088a02;

    // Must be 0.
    private readonly byte _pad = 0;

    /// <summary>What an instance has; nothing where the kernel knows no such parameters.</summary>
    public static EpollPolling Of(OwnDescriptor instance)
    {
        EpollPolling polling = default;
        return SocketCalls.Control(instance, Get, MemoryMarshal.AsBytes(new Span<EpollPolling>(ref polling))) == Errno.None ? polling : default;
    }

    /// <summary>Whether an instance made here would take them: the kernel is new enough, and this program may ask for so large a budget.</summary>
    public Errno TrySet()
    {
        var r = Libc.Syscall(Sys.epoll_create1, FileNative.O_CLOEXEC);
        if (r < 0)
            return Libc.ErrnoOf(r);
        using var instance = OwnDescriptor.Adopt(r);
        var polling = this;
        return SocketCalls.Control(instance, Set, MemoryMarshal.AsBytes(new Span<EpollPolling>(ref polling)));
    }
}
