namespace CrCore.Kernel;

/// <summary>
/// Walks over a text of the kernel's, number by number and word by word, without making strings. Numbers are taken
/// modulo 2^64 with their sign, so that one reader serves signed and unsigned fields.
/// </summary>
internal ref struct TextCursor(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>True after a read that found something else than asked for; it stays so.</summary>
    public bool Failed { get; private set; }

    public readonly bool AtEnd => _rest.IsEmpty;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>The text up to the next line feed, which is passed over; false at the end of the text.</summary>
    public bool NextLine(out ReadOnlySpan<byte> line)
    {
        line = default;
        if (_rest.IsEmpty)
            return false;
        var at = _rest.IndexOf((byte)'\n');
        line = at < 0 ? _rest : _rest[..at];
        _rest = at < 0 ? default : _rest[(at + 1)..];
        return true;
    }

    public void SkipBlanks()
    {
        var at = _rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        _rest = at < 0 ? default : _rest[at..];
    }

    /// <summary>The next run of bytes without blank or line feed; empty at the end.</summary>
    public ReadOnlySpan<byte> Word()
    {
        SkipBlanks();
        var at = _rest.IndexOfAny((byte)' ', (byte)'\t', (byte)'\n');
        var word = at < 0 ? _rest : _rest[..at];
        _rest = _rest[word.Length..];
        return word;
    }

    /// <summary>Passes over one given byte.</summary>
    public void Expect(byte c)
    {
        if (_rest.IsEmpty || _rest[0] != c)
            Failed = true;
        else
            _rest = _rest[1..];
    }

    /// <summary>A decimal number, with a sign or without.</summary>
    public long Decimal() => (long)Number(10);

    public ulong Unsigned() => Number(10);

    public int Int32() => (int)(long)Number(10);

    public uint UInt32() => (uint)Number(10);

    public ulong Hex()
    {
        SkipBlanks();
        if (_rest.StartsWith("0x"u8))
            _rest = _rest[2..];
        return Number(16);
    }

    public ulong Octal() => Number(8);

    private ulong Number(uint radix)
    {
        SkipBlanks();
        var negative = !_rest.IsEmpty && _rest[0] == '-';
        var i = negative ? 1 : 0;
        var first = i;
        ulong value = 0;
        for (; i < _rest.Length; i++)
        {
            var digit = Digit(_rest[i]);
            if (digit >= radix)
                break;
            value = unchecked(value * radix + digit);
        }
        if (i == first)
            Failed = true;
        _rest = _rest[i..];
        return negative ? unchecked(0 - value) : value;
    }

    private static uint Digit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => (uint)(c - '0'),
        >= (byte)'a' and <= (byte)'f' => (uint)(c - 'a' + 10),
        >= (byte)'A' and <= (byte)'F' => (uint)(c - 'A' + 10),
        _ => 99,
    };
}
