namespace CrCore.Objects.Threads;

/// <summary>Ids of the records of this kind.</summary>
internal static class ThreadRecordIds
{
    /// <summary>The seed's id.</summary>
    public const short Cpu = 104;
    public const short Areas = 105;
    public const short CallRest = 170;
}
