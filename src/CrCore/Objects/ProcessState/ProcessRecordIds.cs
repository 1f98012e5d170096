namespace CrCore.Objects.ProcessState;

/// <summary>Ids of the records of this kind.</summary>
internal static class ProcessRecordIds
{
    public const short Process = 150;
    public const short ThreadSettings = 152;
    public const short TaskModes = 172;
    public const short ThreadModes = 173;
}
