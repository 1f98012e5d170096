using CrCore.Image;

namespace CrCore.Protection;

/// <summary>Decrypts forward only, from any stream. No byte is given out before its chunk has been found to be what was written.</summary>
internal sealed class DecryptingStream : ForwardReader
{
    private readonly Stream _source;
    private readonly ChunkCipher _cipher;
    private readonly byte[] _sealed, _plain;
    private long _number, _offset = ProtectionHeader.Size;
    private int _start, _end, _waiting;
    private bool _ended;

    /// <param name="source">Behind its header; disposed of with this.</param>
    public DecryptingStream(Stream source, ProtectionHeader header, byte[] key)
    {
        _source = source;
        _cipher = new ChunkCipher(key);
        // One byte more than a chunk: whether it comes tells whether the chunk is the last.
        _sealed = new byte[header.ChunkSize + ChunkCipher.TagBytes + 1];
        _plain = new byte[header.ChunkSize];
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end && !_ended)
            ReadChunk();
        var part = Math.Min(buffer.Length, _end - _start);
        _plain.AsSpan(_start, part).CopyTo(buffer);
        _start += part;
        return part;
    }

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        if (disposing)
            _source.Dispose();
        base.Dispose(disposing);
    }

    private void ReadChunk()
    {
        var length = _waiting + _source.ReadAtLeast(_sealed.AsSpan(_waiting), _sealed.Length - _waiting, throwOnEndOfStream: false);
        _ended = length < _sealed.Length;
        var chunk = _sealed.AsSpan(0, _ended ? length : length - 1);
        if (!_cipher.TryDecrypt(_number, _ended, chunk, _plain))
            throw ProtectedImage.Changed(_number, _offset);
        (_start, _end) = (0, chunk.Length - ChunkCipher.TagBytes);
        _number++;
        _offset += chunk.Length;
        _waiting = length - chunk.Length;
        _sealed[0] = _sealed[^1];
    }
}
