namespace CrCore.Image;

/// <summary>SEAL (5002): the checksum of every byte since the previous SEAL, or since the image's start.</summary>
/// <param name="Covered">How many bytes that is; the seal itself is not counted.</param>
/// <param name="Hash">Their XXH3-64 with seed 0.</param>
public sealed record SealRecord(ulong Covered, ulong Hash) : ICrRecord
{
    /// <summary>Bytes of the payload.</summary>
    public const int PayloadSize = 16;

    /// <inheritdoc/>
    public short Type => RecordIds.Seal;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U64(Covered);
        w.U64(Hash);
    }

    /// <summary>Reads a payload that <see cref="Write"/> wrote.</summary>
    /// <exception cref="CrImageException">CrImageBadField: it breaks the format.</exception>
    public static SealRecord Read(uint parent, ref FieldReader r) => new(r.U64(), r.U64());
}
