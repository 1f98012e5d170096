using System.Buffers;
using CrCore.Image;
using CrCore.Objects;

namespace CrProperty.Objects;

/// <summary>Takes a record through its payload and back, by the decoder that the catalog has for its id.</summary>
internal static class RecordCode
{
    public static ICrRecord Again(ICrRecord record)
    {
        var payload = Encode(record);
        var type = Kinds.Catalog.Find(record.Type) ?? throw new InvalidOperationException($"record id {record.Type} is not in the catalog");
        if (payload.Length > type.MaxPayload)
            throw new InvalidOperationException($"{type.Name} has {payload.Length} bytes, its bound is {type.MaxPayload}");
        var reader = new FieldReader(payload, 0);
        var again = type.Decode(record.Parent, ref reader);
        if (reader.Remaining != 0)
            throw new InvalidOperationException($"{type.Name} left {reader.Remaining} bytes");
        return again;
    }

    public static byte[] Encode(ICrRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var writer = new FieldWriter(buffer);
        record.Write(ref writer);
        return buffer.WrittenSpan.ToArray();
    }
}
