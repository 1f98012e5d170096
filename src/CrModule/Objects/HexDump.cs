using System.Globalization;
using System.Text;

namespace CrModule;

/// <summary>Bytes as people read them: with addresses of 12 digits, lines of 79 columns, which a terminal of 80 does not break.</summary>
internal static class HexDump
{
    private const int Width = 16;

    public static string Of(ulong address, ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length * 5);
        for (var at = 0; at < bytes.Length; at += Width)
        {
            var line = bytes.Slice(at, Math.Min(Width, bytes.Length - at));
            if (at > 0)
                text.Append('\n');
            text.Append((address + (ulong)at).ToString("x12", CultureInfo.InvariantCulture)).Append("  ");
            for (var i = 0; i < Width; i++)
            {
                text.Append(i < line.Length ? line[i].ToString("x2", CultureInfo.InvariantCulture) : "  ");
                text.Append(i == Width / 2 - 1 ? "  " : " ");
            }
            text.Append(Printable(line));
        }
        return text.ToString();
    }

    /// <summary>ASCII that can be seen; a point for every other byte.</summary>
    public static string Printable(ReadOnlySpan<byte> bytes)
    {
        var text = new char[bytes.Length];
        for (var i = 0; i < text.Length; i++)
            text[i] = bytes[i] is >= 0x20 and < 0x7f ? (char)bytes[i] : '.';
        return new string(text);
    }
}
