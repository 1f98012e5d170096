using System.Buffers;
using System.Buffers.Binary;

namespace CrCore.Image;

/// <summary>Writes the fields of one record's payload, little-endian and unpadded, into a growing buffer.</summary>
public readonly ref struct FieldWriter(IBufferWriter<byte> sink)
{
    /// <summary>One byte.</summary>
    public void U8(byte v) { sink.GetSpan(1)[0] = v; sink.Advance(1); }
    /// <summary>Two bytes, little-endian, without a sign.</summary>
    public void U16(ushort v) { BinaryPrimitives.WriteUInt16LittleEndian(sink.GetSpan(2), v); sink.Advance(2); }
    /// <summary>Four bytes, little-endian, without a sign.</summary>
    public void U32(uint v) { BinaryPrimitives.WriteUInt32LittleEndian(sink.GetSpan(4), v); sink.Advance(4); }
    /// <summary>Eight bytes, little-endian, without a sign.</summary>
    public void U64(ulong v) { BinaryPrimitives.WriteUInt64LittleEndian(sink.GetSpan(8), v); sink.Advance(8); }
    /// <summary>Two bytes, little-endian, two's complement.</summary>
    public void I16(short v) => U16(unchecked((ushort)v));
    /// <summary>Four bytes, little-endian, two's complement.</summary>
    public void I32(int v) => U32(unchecked((uint)v));
    /// <summary>Eight bytes, little-endian, two's complement.</summary>
    public void I64(long v) => U64(unchecked((ulong)v));

    /// <summary>One byte, 0 or 1.</summary>
    public void Flag(bool v) => U8(v ? (byte)1 : (byte)0);

    /// <summary>Bytes whose number the format fixes.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => sink.Write(bytes);

    /// <summary>A u32 length and that many bytes.</summary>
    public void Blob(ReadOnlySpan<byte> bytes)
    {
        U32((uint)bytes.Length);
        sink.Write(bytes);
    }

    /// <summary>Text as the kernel's bytes (<see cref="LinuxText"/>), with a u32 length and no NUL.</summary>
    public void Text(string text) => Blob(LinuxText.Encode(text));

    /// <summary>A fixed field of <paramref name="size"/> bytes, zero-filled; longer text is cut.</summary>
    public void FixedText(string text, int size)
    {
        var bytes = LinuxText.Encode(text);
        var span = sink.GetSpan(size)[..size];
        span.Clear();
        bytes.AsSpan(0, Math.Min(size, bytes.Length)).CopyTo(span);
        sink.Advance(size);
    }
}
