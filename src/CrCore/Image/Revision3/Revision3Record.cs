namespace CrCore.Image.Revision3;

/// <summary>
/// A record as Linux patches of 2008 wrote it. Revision 3 is read for inspection only; its records are never written.
/// </summary>
/// <param name="Parent">The framing's parent field.</param>
public abstract record Revision3Record(uint Parent) : ICrRecord
{
    /// <inheritdoc/>
    public abstract short Type { get; }

    void ICrRecord.Write(ref FieldWriter w) => throw new NotSupportedException("Records of revision 3 are read, never written.");
}

/// <summary>Ids that only revision 3 uses in this form.</summary>
internal static class Revision3Ids
{
    public const short Cpu = 104;
    public const short Mm = 201;
    public const short Vma = 202;
    public const short MmContext = 204;
    public const short Files = 301;
    public const short FdEntry = 302;
    public const short FdData = 303;
}
