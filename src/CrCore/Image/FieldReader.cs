using System.Buffers.Binary;

namespace CrCore.Image;

/// <summary>
/// Reads the fields of one record's payload. Every read is checked against what is left, and every length
/// against a bound, so that a hostile image can neither overrun nor make the reader allocate more than it holds.
/// </summary>
public ref struct FieldReader(ReadOnlySpan<byte> payload, long imageOffset)
{
    private ReadOnlySpan<byte> _rest = payload;
    private readonly int _length = payload.Length;

    /// <summary>Bytes of the payload not yet read.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>One byte.</summary>
    public byte U8() => Take(1)[0];
    /// <summary>Two bytes, little-endian, without a sign.</summary>
    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));
    /// <summary>Four bytes, little-endian, without a sign.</summary>
    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    /// <summary>Eight bytes, little-endian, without a sign.</summary>
    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
    /// <summary>Two bytes, little-endian, two's complement.</summary>
    public short I16() => unchecked((short)U16());
    /// <summary>Four bytes, little-endian, two's complement.</summary>
    public int I32() => unchecked((int)U32());
    /// <summary>Eight bytes, little-endian, two's complement.</summary>
    public long I64() => unchecked((long)U64());

    /// <summary>One byte that must be 0 or 1.</summary>
    public bool Flag()
    {
        var b = U8();
        return b <= 1 ? b == 1 : throw Bad($"a flag is {b}, not 0 or 1");
    }

    /// <summary>Padding of 4 bytes, which revision 4 writes as 0 and nothing else.</summary>
    public void Pad4()
    {
        var pad = U32();
        if (pad != 0)
            throw Bad($"the padding is {pad:x}, not 0");
    }

    /// <summary>Bytes whose number the format fixes. The span is valid as long as the payload is.</summary>
    public ReadOnlySpan<byte> Raw(int size) => Take(size);

    /// <summary>A u32 length, at most <paramref name="max"/>, and that many bytes.</summary>
    public byte[] Blob(int max)
    {
        var n = U32();
        if (n > (uint)max)
            throw Bad($"a length is {n}, more than the bound {max}");
        return Take((int)n).ToArray();
    }

    /// <summary>Text of at most <paramref name="max"/> bytes; the default bound is PATH_MAX with room to spare.</summary>
    public string Text(int max = 65_536) => LinuxText.Decode(Blob(max));

    /// <summary>A fixed, zero-filled field; the text ends at its first NUL.</summary>
    public string FixedText(int size)
    {
        var bytes = Take(size);
        var nul = bytes.IndexOf((byte)0);
        return LinuxText.Decode(nul < 0 ? bytes : bytes[..nul]);
    }

    /// <summary>A u32 element count that the rest of the payload can really hold.</summary>
    public int Count(int elementSize)
    {
        var n = U32();
        if (n > (uint)(_rest.Length / Math.Max(1, elementSize)))
            throw Bad($"a count is {n}, but {_rest.Length} bytes are left for elements of at least {elementSize} bytes");
        return (int)n;
    }

    /// <summary>The error for a field that breaks the format, with the place in the image.</summary>
    public readonly CrImageException Bad(string what)
        => new("CrImageBadField", $"The image record at byte {imageOffset} is broken: {what} (payload byte {_length - _rest.Length}).", imageOffset,
               "The image is damaged or was not written by this format; take another copy.");

    private ReadOnlySpan<byte> Take(int size)
    {
        if ((uint)size > (uint)_rest.Length)
            throw Bad($"{size} bytes are due, {_rest.Length} are left");
        var span = _rest[..size];
        _rest = _rest[size..];
        return span;
    }
}
