namespace CrCore.Objects.Ipc;

/// <summary>Ids of the records of this folder; a segment's own (450) is with the memory.</summary>
internal static class IpcRecordIds
{
    public const short SemaphoreSet = 451;
    public const short MessageQueue = 452;
    public const short Message = 453;
    public const short Limits = 454;
    public const short SemaphoreUndo = 455;
    public const short PosixQueue = 456;
}
