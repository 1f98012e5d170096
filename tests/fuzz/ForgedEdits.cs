using System.Buffers.Binary;
using CrFuzz;

namespace CrFuzzTarget;

/// <summary>
/// Takes a fuzzer's input for a list of changes to one valid image, and makes the checksums right again. Changed at random, the
/// bytes of an image themselves hardly ever come past the first checksum; changes come to the rules behind.
/// </summary>
/// <remarks>A change is 13 bytes: which record (16 bits), where in it (16), how wide (8), and what is put there (64).</remarks>
internal sealed class ForgedEdits(byte[] image)
{
    private const int Size = 13, MostEdits = 64;

    /// <summary>Header and payload: of long records, only the beginning is worth it.</summary>
    private const long Reach = 400;

    private readonly ImageSurgeon _layout = new(image);

    public byte[] Apply(ReadOnlySpan<byte> input)
    {
        var copy = new ImageSurgeon(image, _layout);
        for (var n = 0; n < MostEdits && input.Length >= Size; n++, input = input[Size..])
        {
            var record = copy.Records[BinaryPrimitives.ReadUInt16LittleEndian(input) % copy.Records.Count];
            var at = record.Offset + (BinaryPrimitives.ReadUInt16LittleEndian(input[2..]) % Math.Min(record.Length, Reach));
            var width = (int)Math.Min(1 << (input[4] & 3), record.Offset + record.Length - at);
            input.Slice(5, width).CopyTo(copy.Bytes.AsSpan((int)at));
        }
        return copy.Reseal();
    }
}
