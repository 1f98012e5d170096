using System.Buffers;
using System.IO.Hashing;

namespace CrCore.Image;

/// <summary>The reader's end: counts and buffers what comes from any stream, and hashes what it is told to.</summary>
internal sealed class ByteSource(Stream stream, bool leaveOpen, long offset = 0) : IDisposable
{
    /// <summary>Not one for the heap of large objects: it ends with its thread (<see cref="PageBuffers"/>).</summary>
    private const int BufferSize = 64 << 10;

    private readonly XxHash3 _hash = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _start, _end;
    private long _covered;

    /// <summary>Bytes consumed so far: the offset of the next one.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <exception cref="CrImageException">CrImageTruncated: the stream ends before that.</exception>
    public void Read(Span<byte> destination, string what)
    {
        while (destination.Length > 0)
        {
            if (_start == _end && destination.Length >= _buffer.Length)
            {
                var n = ReadStream(destination);
                if (n == 0)
                    throw ImageError.Truncated(Offset, what);
                Offset += n;
                destination = destination[n..];
                continue;
            }
            if (_start == _end && !Fill())
                throw ImageError.Truncated(Offset, what);
            var part = Math.Min(destination.Length, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(destination);
            _start += part;
            Offset += part;
            destination = destination[part..];
        }
    }

    /// <summary>Reads and covers.</summary>
    public void ReadCovered(Span<byte> destination, string what)
    {
        Read(destination, what);
        Cover(destination);
    }

    /// <summary>Passes over bytes; where the stream can seek, without reading them, unless they are covered.</summary>
    public void Skip(long count, bool covered, string what)
    {
        if (!covered && stream.CanSeek && count > _end - _start)
        {
            SeekOver(count, what);
            return;
        }
        while (count > 0)
        {
            if (_start == _end && !Fill())
                throw ImageError.Truncated(Offset, what);
            var part = (int)Math.Min(count, _end - _start);
            if (covered)
                Cover(_buffer.AsSpan(_start, part));
            _start += part;
            Offset += part;
            count -= part;
        }
    }

    /// <summary>Whether the stream has ended here.</summary>
    public bool AtEnd() => _start == _end && !Fill();

    /// <summary>Whether so many bytes are still to come; a few, which the buffer holds.</summary>
    public bool Holds(int count)
    {
        while (_end - _start < count)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var n = ReadStream(_buffer.AsSpan(_end));
            if (n == 0)
                return false;
            _end += n;
        }
        return true;
    }

    /// <summary>Adds bytes that were read to what the next seal is checked against.</summary>
    public void Cover(ReadOnlySpan<byte> bytes)
    {
        _hash.Append(bytes);
        _covered += bytes.Length;
    }

    /// <summary>What the seal must say that stands here; starts the next range.</summary>
    public SealRecord TakeSeal()
    {
        var seal = new SealRecord((ulong)_covered, _hash.GetCurrentHashAsUInt64());
        _hash.Reset();
        _covered = 0;
        return seal;
    }

    public void Dispose()
    {
        if (_buffer.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        if (!leaveOpen)
            stream.Dispose();
    }

    private void SeekOver(long count, string what)
    {
        var left = count - (_end - _start);
        _start = _end = 0;
        try
        {
            if (stream.Length - stream.Position < left)
                throw ImageError.Truncated(Offset, what);
            stream.Seek(left, SeekOrigin.Current);
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(Offset, e);
        }
        Offset += count;
    }

    private bool Fill()
    {
        _start = 0;
        _end = ReadStream(_buffer);
        return _end > 0;
    }

    private int ReadStream(Span<byte> destination)
    {
        try
        {
            return stream.Read(destination);
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(Offset, e);
        }
    }
}
