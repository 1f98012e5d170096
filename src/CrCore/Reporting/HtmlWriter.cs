using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace CrCore.Reporting;

/// <summary>
/// Writes HTML. What stands in the program's own text is markup; what is put into it is escaped, whatever it is: names of
/// files and tasks are chosen by strangers.
/// </summary>
internal sealed class HtmlWriter(TextWriter target)
{
    /// <summary>Markup as it stands here.</summary>
    public void Raw([ConstantExpected] string markup) => target.Write(markup);

    /// <summary>Markup with values in it.</summary>
    public void Write([InterpolatedStringHandlerArgument("")] ref Markup markup) => _ = markup;

    private void Literal(string markup) => target.Write(markup);

    private void Value(string? text) => target.Write(Escape(text));

    /// <summary>Text for element content and quoted attributes.</summary>
    public static string Escape(string? text) => string.IsNullOrEmpty(text) ? "" : WebUtility.HtmlEncode(Visible(text));

    /// <summary>
    /// Characters that cannot be seen, or that turn the text around them, are shown by their numbers; a byte that was no UTF-8
    /// by its own (<see cref="Image.LinuxText"/>).
    /// </summary>
    private static string Visible(string text)
    {
        StringBuilder? shown = null;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                shown?.Append(c).Append(text[i + 1]);
                i++;
                continue;
            }
            var hidden = c is '\uFFFE' or '\uFFFF' || char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            if (!hidden)
            {
                shown?.Append(c);
                continue;
            }
            shown ??= new StringBuilder().Append(text, 0, i);
            _ = c switch
            {
                '\n' => shown.Append("\\n"),
                '\t' => shown.Append("\\t"),
                >= '\uDC80' and <= '\uDCFF' => shown.Append(CultureInfo.InvariantCulture, $"\\x{c - 0xDC00:x2}"),
                _ => shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }
        return shown?.ToString() ?? text;
    }

    /// <summary>The compiler hands the parts of an interpolated string to it.</summary>
    [InterpolatedStringHandler]
    internal readonly ref struct Markup
    {
        private readonly HtmlWriter _writer;

        public Markup(int literalLength, int formattedCount, HtmlWriter writer)
        {
            _ = (literalLength, formattedCount);
            _writer = writer;
        }

        public void AppendLiteral(string markup) => _writer.Literal(markup);

        public void AppendFormatted(string? text) => _writer.Value(text);

        public void AppendFormatted<T>(T value, string? format = null) where T : IFormattable
            => _writer.Value(value.ToString(format, CultureInfo.InvariantCulture));
    }
}
