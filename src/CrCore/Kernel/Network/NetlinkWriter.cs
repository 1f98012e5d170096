using System.Buffers.Binary;
using System.Text;

namespace CrCore.Kernel;

/// <summary>Builds netlink messages (netlink(7)): headers, and attributes that nest, each padded to 4 bytes.</summary>
internal sealed class NetlinkWriter
{
    public const int HeaderSize = 16;

    private const int AttributeHeader = 4;
    private const ushort Nested = 0x8000;

    private readonly Stack<int> _open = new();
    private byte[] _bytes = new byte[4096];
    private int _length;
    private int _message = -1;

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Starts a message; the one before ends.</summary>
    public void Message(ushort type, ushort flags, uint sequence)
    {
        EndMessage();
        _message = _length;
        var header = Take(HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], type);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], flags);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], sequence);
    }

    /// <summary>Fills in the length of the last message.</summary>
    public void EndMessage()
    {
        if (_message >= 0)
            BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(_message), _length - _message);
        _message = -1;
    }

    /// <summary>Bytes of the message's own structure, behind its header.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(Align(bytes.Length)));

    public void Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        var span = Take(AttributeHeader + Align(value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)(AttributeHeader + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(span[2..], type);
        value.CopyTo(span[AttributeHeader..]);
    }

    /// <summary>A number in network order, as nf_tables wants them all.</summary>
    public void BigEndian(ushort type, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Attribute(type, bytes);
    }

    /// <summary>Text with its NUL.</summary>
    public void Text(ushort type, string text) => Attribute(type, Encoding.ASCII.GetBytes(text + '\0'));

    /// <summary>Opens an attribute that holds attributes.</summary>
    public void Begin(ushort type)
    {
        _open.Push(_length);
        BinaryPrimitives.WriteUInt16LittleEndian(Take(AttributeHeader)[2..], (ushort)(type | Nested));
    }

    public void End()
    {
        var start = _open.Pop();
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start), checked((ushort)(_length - start)));
    }

    private static int Align(int n) => (n + 3) & ~3;

    private Span<byte> Take(int size)
    {
        if (_length + size > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + size));
        var span = _bytes.AsSpan(_length, size);
        span.Clear();
        _length += size;
        return span;
    }
}
