namespace CrCore.Objects.Sockets.Unix;

/// <summary>Ids of this room's records.</summary>
internal static class UnixRecordIds
{
    public const short Socket = 510, Message = 511;
}
