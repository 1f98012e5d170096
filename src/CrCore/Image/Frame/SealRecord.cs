namespace CrCore.Image;

/// <summary>SEAL (5002): the checksum of every byte since the previous SEAL, or since the image's start.</summary>
/// <param name="Covered">How many bytes that is; the seal itself is not counted.</param>
/// <param name="Hash">Their XXH3-64 with seed 0.</param>
public sealed record SealRecord(ulong Covered, ulong Hash) : ICrRecord
{
    public const int PayloadSize = 16;

    public short Type => RecordIds.Seal;
    public uint Parent => 0;

    public void Write(ref FieldWriter w)
    {
        w.U64(Covered);
        w.U64(Hash);
    }

    public static SealRecord Read(uint parent, ref FieldReader r) => new(r.U64(), r.U64());
}
