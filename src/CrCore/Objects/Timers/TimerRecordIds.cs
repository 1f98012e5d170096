namespace CrCore.Objects.Timers;

/// <summary>Ids of the records of this kind.</summary>
internal static class TimerRecordIds
{
    public const short Interval = 140;
    public const short Posix = 141;
}
