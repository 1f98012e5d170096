using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Sockets;

/// <summary>The classic BPF program on a socket. One of extended BPF cannot be read back, and is refused.</summary>
internal static class SocketFilter
{
    /// <summary>The program's record; null when there is none.</summary>
    /// <exception cref="CrTargetException">CrSocketFilterUnreadable: see <see cref="IsUnreadable"/>.</exception>
    public static SocketFilterRecord? Capture(OwnDescriptor socket, Descriptor d)
    {
        if (IsUnreadable(socket))
            throw new CrTargetException("CrSocketFilterUnreadable", $"Task {d.Pid}: {d.Label} has a filter that the kernel does not give back.") { Pid = d.Pid, Object = d.Label };
        // Asked without room, the kernel says how many instructions there are (sk_get_filter in net/core/filter.c).
        var count = SocketCalls.GetOption(socket, SocketLevel.Socket, SocketLevel.AttachFilter, []);
        if (count <= 0)
            return null;
        var bytes = new byte[count * SocketFilterRecord.InstructionSize];
        var read = SocketCalls.GetFilter(socket, bytes);
        return read == count ? new(bytes)
            : throw new CrKernelException("CrSocketFilterFailed", $"Task {d.Pid}: reading the filter of {d.Label}", read < 0 ? (Errno)(-read) : Errno.EIO) { Pid = d.Pid, Object = d.Label };
    }

    /// <summary>The filter is of extended BPF (SO_ATTACH_BPF), which getsockopt(2) does not give back (EACCES).</summary>
    public static bool IsUnreadable(OwnDescriptor socket)
        => SocketCalls.GetOption(socket, SocketLevel.Socket, SocketLevel.AttachFilter, []) == -(int)Errno.EACCES;

    /// <summary>Puts the program back, and then locks it if it was locked (SO_LOCK_FILTER).</summary>
    public static void Restore(OwnDescriptor socket, SavedDescription saved)
    {
        if (saved.Get<SocketFilterRecord>() is not { } record)
            return;
        var errno = SocketCalls.SetFilter(socket, record.Instructions.Span);
        if (errno != Errno.None)
            throw new CrKernelException("CrSocketFilterFailed", $"{saved.Task}: putting the filter on {saved.Label}", errno) { Object = saved.Label };
    }
}
