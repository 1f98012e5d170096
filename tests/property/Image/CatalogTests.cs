using System.Buffers;
using CrCore;
using CrCore.Image;
using CrCore.Objects;
using Xunit;

namespace CrProperty.Image;

/// <summary>What every record type owes the reader, whatever kind it belongs to.</summary>
public class CatalogTests
{
    public static TheoryData<string> Names => [.. Kinds.Catalog.Types.Select(t => t.Name).Order()];

    [Fact]
    public void NamesAreUnique()
        => Assert.Equal(Kinds.Catalog.Types.Count(), Kinds.Catalog.Types.Select(t => t.Name).Distinct().Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void TheFormatsPageDescribesIt(string name)
    {
        var id = Kinds.Catalog.Types.Single(t => t.Name == name).Id;
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "image-format.md"));
        Assert.True(page.Contains($"**{name} ({id})**", StringComparison.Ordinal), $"docs/image-format.md has no paragraph **{name} ({id})**");
    }

    /// <summary>
    /// Random payloads, most of them small numbers so that lengths and counts get through. A decoder gives a record or a
    /// typed error; what it allocates is bounded by the payload; and a record that it gives can be written and read again.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void DecodersStandAnyPayload(string name)
    {
        var type = Kinds.Catalog.Types.Single(t => t.Name == name);
        var random = new Random(type.Id);
        for (var i = 0; i < 3000; i++)
        {
            var payload = new byte[random.Next(Math.Min(type.MaxPayload, 400) + 1)];
            for (var b = 0; b < payload.Length; b++)
                payload[b] = random.Next(4) switch { 0 => (byte)random.Next(256), 1 => (byte)random.Next(8), _ => 0 };
            if (random.Next(8) == 0)
                payload.AsSpan().Slice(random.Next(payload.Length + 1)).Fill(0xff);
            var parent = (uint)random.Next(3);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var record = Decode(type, parent, payload);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 100_000 + 100 * payload.Length, $"{allocated} bytes for a payload of {payload.Length}");
            if (record is not null && record.Parent == parent)
                AssertWritesWhatItReads(type, record);
        }
    }

    private static ICrRecord? Decode(RecordType type, uint parent, ReadOnlySpan<byte> payload)
    {
        var r = new FieldReader(payload, 0);
        try
        {
            var record = type.Decode(parent, ref r);
            return r.Remaining == 0 ? record : null;
        }
        catch (CrImageException)
        {
            return null;
        }
    }

    private static void AssertWritesWhatItReads(RecordType type, ICrRecord record)
    {
        Assert.Equal(type.Id, record.Type);
        var once = Encode(record);
        var again = Decode(type, record.Parent, once);
        Assert.NotNull(again);
        Assert.Equal(once, Encode(again));
    }

    private static byte[] Encode(ICrRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var w = new FieldWriter(buffer);
        record.Write(ref w);
        // The frame's raw bytes count as payload for the catalog's decoder.
        if (record is TreeRecord tree)
            tree.WriteRaw(ref w);
        return buffer.WrittenSpan.ToArray();
    }
}
