using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>The writer's end: gathers small pieces, passes large ones on without a copy, and hashes all.</summary>
internal sealed class ByteSink(Stream destination, bool leaveOpen) : IDisposable
{
    /// <summary>The file behind the stream, where parts of it can be written apart; else null.</summary>
    public SafeFileHandle? File { get; } = destination is FileStream { CanSeek: true } file ? file.SafeFileHandle : null;

    /// <summary>Not one for the heap of large objects: it ends with its thread (<see cref="PageBuffers"/>).</summary>
    private const int BufferSize = 64 << 10;

    private readonly XxHash3 _hash = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _used;
    private long _sealed;

    /// <summary>Bytes written so far.</summary>
    public long Offset { get; private set; }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        _hash.Append(bytes);
        WriteUnsealed(bytes);
    }

    public void WriteHeader(short type, short length, uint parent)
    {
        Span<byte> header = stackalloc byte[ImageFormat.HeaderSize];
        BinaryPrimitives.WriteInt16LittleEndian(header, type);
        BinaryPrimitives.WriteInt16LittleEndian(header[2..], length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], parent);
        Write(header);
    }

    /// <summary>The seal of all bytes since the last one. What is written next is not covered until the next call.</summary>
    public SealRecord TakeSeal()
    {
        var seal = new SealRecord((ulong)(Offset - _sealed), _hash.GetCurrentHashAsUInt64());
        _hash.Reset();
        return seal;
    }

    /// <summary>Starts the next seal's range here: the seal itself is written.</summary>
    public void StartSealRange()
    {
        _hash.Reset();
        _sealed = Offset;
    }

    /// <summary>Leaves room in the file for bytes that are written apart and that no seal of this sink covers.</summary>
    /// <returns>Where the room starts.</returns>
    public long LeaveRoom(long bytes)
    {
        WriteOut(_buffer.AsSpan(0, _used));
        _used = 0;
        var start = Offset;
        Offset += bytes;
        destination.Position = Offset;
        StartSealRange();
        return start;
    }

    public void Flush()
    {
        WriteOut(_buffer.AsSpan(0, _used));
        _used = 0;
        Guarded(static s => s.Flush());
    }

    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (!leaveOpen)
            destination.Dispose();
    }

    private void WriteUnsealed(ReadOnlySpan<byte> bytes)
    {
        Offset += bytes.Length;
        if (bytes.Length > _buffer.Length - _used)
        {
            WriteOut(_buffer.AsSpan(0, _used));
            _used = 0;
            if (bytes.Length >= _buffer.Length)
            {
                WriteOut(bytes);
                return;
            }
        }
        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private void WriteOut(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            return;
        try
        {
            destination.Write(bytes);
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the image");
        }
    }

    private void Guarded(Action<Stream> act)
    {
        try
        {
            act(destination);
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the image");
        }
    }
}
