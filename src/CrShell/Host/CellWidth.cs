using System.Management.Automation;
using System.Management.Automation.Internal;

namespace CrShell.Host;

/// <summary>How many terminal cells a text takes: escape sequences take none, East Asian wide characters and emoji two.</summary>
/// <remarks>Ranges: the W and F classes of Unicode's EastAsianWidth.txt, as wcwidth(3) uses them, joined to blocks.</remarks>
internal static class CellWidth
{
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF),
        (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6),
        (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    public static int Of(string text)
    {
        if (text.Contains('\e'))
            text = new StringDecorated(text).ToString(OutputRendering.PlainText);
        var cells = 0;
        foreach (var rune in text.EnumerateRunes())
            cells += Of(rune);
        return cells;
    }

    /// <summary>A text in lines that leave the last column free, broken between words where it can be.</summary>
    public static IEnumerable<string> Lines(string text, int width)
    {
        while (Of(text) >= width)
        {
            var at = Math.Min(width - 1, text.Length);
            while (at > 0 && (text[at - 1] != ' ' || Of(text[..at].TrimEnd()) >= width))
                at--;
            if (at == 0)
                break;
            yield return text[..at].TrimEnd();
            text = text[at..];
        }
        yield return text;
    }

    private static int Of(System.Text.Rune rune)
    {
        if (rune.Value < 0x1100)
            return 1;
        foreach (var (first, last) in Wide)
        {
            if (rune.Value < first)
                return 1;
            if (rune.Value <= last)
                return 2;
        }
        return 1;
    }
}
