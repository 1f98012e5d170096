using CrCore.Image;

namespace CrCore.Objects.Sockets;

/// <summary>The records that sockets of every family have.</summary>
internal static class SocketRecords
{
    public const short Options = 500, Filter = 501;

    public static IReadOnlyList<RecordType> All { get; } =
    [
        new(Options, "SOCKET_OPTIONS", SocketOptionsRecord.Read, SocketOptionsRecord.MaxSize),
        new(Filter, "SOCKET_FILTER", SocketFilterRecord.Read, SocketFilterRecord.MaxSize),
    ];
}
