using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Sockets;

namespace CrCore.Objects.Given;

/// <summary>Words for what was, and for what is given.</summary>
internal static class GivenWords
{
    public static string Of(SavedDescription saved) => saved.Was switch
    {
        FdType.Pipe => $"{Access(saved.Data.Flags)} end of a pipe",
        FdType.Fifo => $"{Access(saved.Data.Flags)} end of a FIFO",
        FdType.Terminal or FdType.HungUpTerminal => "a terminal",
        FdType.Device => "a device",
        FdType.Directory => "a directory",
        FdType.UnixSocket or FdType.InetSocket => Of(GivenKind.FormOf(saved)),
        _ => "a file",
    };

    public static string Of(GivenForm form) => form.Socket is not { } socket ? "no socket"
        : $"{(form.IsListening ? "a listening " : form.IsConnected ? "a connected " : "a ")}{TypeOf(socket.Type)} socket of {FamilyOf(socket.Family)}";

    public static string Of(in FileStatus status, uint flags) => status.FileType switch
    {
        FileStatus.Fifo => $"{Access(flags)} end of a pipe",
        FileStatus.Directory => "a directory",
        FileStatus.Regular => "a file",
        FileStatus.Socket => "a socket",
        FileStatus.Character => "a character device",
        _ => "a block device",
    };

    private static string Access(uint flags) => (flags & OpenFlags.AccessMode) switch
    {
        OpenFlags.ReadOnly => "the reading",
        OpenFlags.WriteOnly => "the writing",
        _ => "the reading and writing",
    };

    private static string TypeOf(int type) => type switch
    {
        SocketType.Stream => "stream",
        SocketType.Datagram => "datagram",
        SocketType.SequencedPacket => "seqpacket",
        SocketType.Raw => "raw",
        _ => $"type {type}",
    };

    private static string FamilyOf(int family) => family switch
    {
        SocketFamily.Unix => "unix(7)",
        SocketFamily.Inet => "IPv4",
        SocketFamily.Inet6 => "IPv6",
        _ => $"family {family}",
    };
}
