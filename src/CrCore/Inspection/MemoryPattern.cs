using System.Text;
using System.Text.RegularExpressions;

namespace CrCore.Inspection;

/// <summary>What Search-CrImageMemory looks for in bytes.</summary>
public abstract class MemoryPattern
{
    /// <summary>Bytes at the end of a stretch where a match may begin that ends only in the next stretch.</summary>
    public abstract int Overlap { get; }

    /// <summary>The first match at or after <paramref name="from"/>.</summary>
    /// <returns>Where it begins, or -1.</returns>
    public abstract int Find(ReadOnlySpan<byte> bytes, int from, out int length);

    /// <summary>The bytes themselves.</summary>
    /// <exception cref="CrArgumentException">CrPatternEmpty, CrPatternTooLong.</exception>
    public static MemoryPattern OfBytes(byte[] bytes, bool ignoreAsciiCase = false) => new BytesPattern(Checked(bytes), ignoreAsciiCase);

    /// <summary>Text in an encoding; letters of ASCII may match in either case.</summary>
    /// <exception cref="CrArgumentException">CrPatternEmpty, CrPatternTooLong.</exception>
    public static MemoryPattern OfText(string text, Encoding encoding, bool ignoreAsciiCase) => new BytesPattern(Checked(encoding.GetBytes(text)), ignoreAsciiCase);

    /// <summary>A regular expression in which each byte is the character of its number (ISO 8859-1).</summary>
    /// <exception cref="CrArgumentException">CrPatternInvalid.</exception>
    public static MemoryPattern OfRegex(string pattern, bool ignoreCase)
    {
        try
        {
            var options = RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None);
            return new RegexPattern(new Regex(pattern, options, TimeSpan.FromSeconds(30)));
        }
        catch (ArgumentException e)
        {
            throw new CrArgumentException("CrPatternInvalid", $"The regular expression is not valid: {e.Message}", "See about_Regular_Expressions.") { Object = pattern };
        }
    }

    private static byte[] Checked(byte[] bytes) => bytes.Length switch
    {
        0 => throw new CrArgumentException("CrPatternEmpty", "There is nothing to look for.", "Give at least one byte or character.") { Object = "the pattern" },
        > MaxBytes => throw new CrArgumentException("CrPatternTooLong", $"The bytes to look for are {bytes.Length}; at most {MaxBytes} are taken.", "Look for a part of them.") { Object = "the pattern" },
        _ => bytes,
    };

    private const int MaxBytes = 64 * 1024;

    private sealed class BytesPattern(byte[] bytes, bool ignoreCase) : MemoryPattern
    {
        private readonly byte _first = ignoreCase ? Lower(bytes[0]) : bytes[0];
        private readonly byte _other = ignoreCase ? Upper(bytes[0]) : bytes[0];

        public override int Overlap => bytes.Length - 1;

        public override int Find(ReadOnlySpan<byte> window, int from, out int length)
        {
            length = bytes.Length;
            if (!ignoreCase)
            {
                var found = window[from..].IndexOf(bytes);
                return found < 0 ? -1 : from + found;
            }
            while (from + bytes.Length <= window.Length)
            {
                var next = window[from..].IndexOfAny(_first, _other);
                if (next < 0 || from + next + bytes.Length > window.Length)
                    return -1;
                from += next;
                if (Equal(window.Slice(from, bytes.Length)))
                    return from;
                from++;
            }
            return -1;
        }

        private bool Equal(ReadOnlySpan<byte> there)
        {
            for (var i = 0; i < bytes.Length; i++)
                if (Lower(there[i]) != Lower(bytes[i]))
                    return false;
            return true;
        }

        private static byte Lower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;

        private static byte Upper(byte b) => b is >= (byte)'a' and <= (byte)'z' ? (byte)(b & ~0x20) : b;
    }

    private sealed class RegexPattern(Regex regex) : MemoryPattern
    {
        private char[] _text = [];
        private int _textLength;
        private bool _fresh;

        // A match of up to this many bytes is found wherever it lies.
        public override int Overlap => 4096;

        public override int Find(ReadOnlySpan<byte> window, int from, out int length)
        {
            // The same window is asked for from one match to the next: it is widened once.
            if (from == 0 || !_fresh || _textLength != window.Length)
                Widen(window);
            try
            {
                foreach (var match in regex.EnumerateMatches(_text.AsSpan(0, _textLength), from))
                    if (match.Length > 0)
                    {
                        length = match.Length;
                        return match.Index;
                    }
            }
            catch (RegexMatchTimeoutException)
            {
                throw new CrArgumentException("CrPatternTooSlow", "The regular expression takes too long on this memory.", "Simplify it: nested repetitions make it try too many ways.") { Object = regex.ToString() };
            }
            length = 0;
            return -1;
        }

        private void Widen(ReadOnlySpan<byte> window)
        {
            if (_text.Length < window.Length)
                _text = new char[window.Length];
            Encoding.Latin1.GetChars(window, _text);
            (_textLength, _fresh) = (window.Length, true);
        }
    }
}
