namespace CrCore.Objects.Sockets.Inet;

/// <summary>Ids of this room's records.</summary>
internal static class InetRecordIds
{
    public const short Socket = 520, TcpConnection = 521, TcpData = 522, Membership = 523, Datagram = 524;
}
