using System.Buffers;
using System.Collections;
using System.Reflection;
using CrCore.Image;
using CrCore.Image.Revision3;

namespace CrCore.Inspection;

/// <summary>Finds which fields of two records of one type differ.</summary>
internal static class RecordComparison
{
    /// <summary>Empty when both say the same; a field without a name stands for the whole.</summary>
    public static List<(string Property, object? Old, object? Now)> Compare(ICrRecord old, ICrRecord now)
    {
        var differences = new List<(string, object?, object?)>();
        // Records of revision 3 are never written: their fields say all that they hold.
        var written = old is not Revision3Record && now is not Revision3Record;
        var (a, b) = written ? (Encode(old), Encode(now)) : (new(), new());
        if (written && a.WrittenSpan.SequenceEqual(b.WrittenSpan))
            return differences;
        if (old.GetType() == now.GetType())
            foreach (var property in old.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
                if (property.GetIndexParameters().Length == 0 && property.GetValue(old) is var x && property.GetValue(now) is var y && !Same(x, y))
                    differences.Add((property.Name, Shown(x), Shown(y)));
        if (written && differences.Count == 0)
            differences.Add(("", $"{a.WrittenCount} bytes", $"{b.WrittenCount} bytes"));
        return differences;
    }

    private static ArrayBufferWriter<byte> Encode(ICrRecord record)
    {
        var bytes = new ArrayBufferWriter<byte>();
        var w = new FieldWriter(bytes);
        record.Write(ref w);
        return bytes;
    }

    private static bool Same(object? a, object? b) => (a, b) switch
    {
        (ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) => x.Span.SequenceEqual(y.Span),
        (string, string) => Equals(a, b),
        (IEnumerable x, IEnumerable y) => SameItems(x.GetEnumerator(), y.GetEnumerator()),
        _ => Equals(a, b),
    };

    private static bool SameItems(IEnumerator a, IEnumerator b)
    {
        while (true)
        {
            var (more, other) = (a.MoveNext(), b.MoveNext());
            if (more != other)
                return false;
            if (!more)
                return true;
            if (!Same(a.Current, b.Current))
                return false;
        }
    }

    private static object? Shown(object? value) => value is ReadOnlyMemory<byte> bytes ? bytes.ToArray() : value;
}
