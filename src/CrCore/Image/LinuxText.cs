using System.Text;

namespace CrCore.Image;

/// <summary>
/// The kernel's names (paths, comm) are bytes, mostly UTF-8. They become strings without loss: a byte that is
/// not part of valid UTF-8 becomes the lone surrogate U+DC80..U+DCFF, and goes back to that byte.
/// </summary>
public static class LinuxText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>The bytes as a string, which <see cref="Encode"/> turns back into the same bytes.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(bytes, out var rune, out var used);
            if (status == System.Buffers.OperationStatus.Done)
                text.Append(rune.ToString());
            else
                for (var i = 0; i < used; i++)
                    text.Append((char)(0xDC00 + bytes[i]));
            bytes = bytes[used..];
        }
        return text.ToString();
    }

    /// <summary>The bytes of a string of <see cref="Decode"/>, or of any other.</summary>
    public static byte[] Encode(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uDC80', '\uDCFF') < 0)
            return Strict.GetBytes(text);
        var bytes = new List<byte>(text.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                var n = new Rune(c, text[++i]).EncodeToUtf8(utf8);
                bytes.AddRange(utf8[..n]);
            }
            else if (c is >= '\uDC80' and <= '\uDCFF')
            {
                bytes.Add((byte)(c - 0xDC00));
            }
            else
            {
                var n = Strict.GetBytes([c], utf8);
                bytes.AddRange(utf8[..n]);
            }
        }
        return bytes.ToArray();
    }
}
