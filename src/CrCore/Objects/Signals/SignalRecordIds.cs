namespace CrCore.Objects.Signals;

/// <summary>Ids of the records of this kind.</summary>
internal static class SignalRecordIds
{
    public const short Actions = 130;
    public const short Thread = 131;
    public const short Pending = 132;
}
