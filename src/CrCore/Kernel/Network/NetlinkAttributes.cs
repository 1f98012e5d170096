using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Walks the attributes behind a message's fixed part (struct nlattr of linux/netlink.h).</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> bytes)
{
    private const int HeaderSize = 4;
    private const ushort TypeMask = 0x3fff;

    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>The attribute that <see cref="Next"/> came to as it is, header and all, without padding.</summary>
    public ReadOnlySpan<byte> Whole { get; private set; }

    /// <summary>The value of the first attribute of a type; empty when there is none.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> bytes, int wanted)
    {
        var attributes = new NetlinkAttributes(bytes);
        while (attributes.Next(out var type, out var value))
            if (type == wanted)
                return value;
        return default;
    }

    public bool Next(out int type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (_rest.Length < HeaderSize)
            return false;
        var length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < HeaderSize || length > _rest.Length)
            return false;
        type = BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask;
        value = _rest[HeaderSize..length];
        Whole = _rest[..length];
        _rest = _rest[Math.Min(_rest.Length, (length + 3) & ~3)..];
        return true;
    }
}
