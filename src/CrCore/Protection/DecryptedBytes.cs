using System.Buffers;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>
/// The image inside an encrypted file, read wherever one likes. The chunk read last is kept. That the file was not cut short is
/// found at once: the last chunk is read first.
/// </summary>
internal sealed class DecryptedBytes : ImageBytes
{
    private readonly ImageBytes _file;
    private readonly ChunkCipher _cipher;
    private readonly int _chunkSize;
    private readonly long _chunks;
    private readonly byte[] _plain;
    private readonly Lock _lock = new();
    private long _kept = -1;

    /// <param name="file">Disposed of with this.</param>
    /// <exception cref="CrImageException">CrImageChanged: the file was cut short or changed at its end.</exception>
    public DecryptedBytes(ImageBytes file, ProtectionHeader header, byte[] key)
    {
        (_file, _cipher, _chunkSize) = (file, new ChunkCipher(key), header.ChunkSize);
        _plain = new byte[_chunkSize];
        var bytes = file.Length - ProtectionHeader.Size;
        var full = _chunkSize + ChunkCipher.TagBytes;
        _chunks = (bytes + full - 1) / full;
        var last = bytes - ((_chunks - 1) * full) - ChunkCipher.TagBytes;
        if (_chunks == 0 || last < 0)
            throw ProtectedImage.Changed(Math.Max(0, _chunks - 1), file.Length);
        Length = ((_chunks - 1) * _chunkSize) + last;
        lock (_lock)
            Load(_chunks - 1);
    }

    public override long Length { get; }

    public override int Read(Span<byte> buffer, long offset)
    {
        var done = 0;
        lock (_lock)
            while (done < buffer.Length && offset + done < Length)
            {
                var (number, at) = Math.DivRem(offset + done, _chunkSize);
                Load(number);
                var part = (int)Math.Min(buffer.Length - done, Math.Min(_chunkSize - at, Length - offset - done));
                _plain.AsSpan((int)at, part).CopyTo(buffer[done..]);
                done += part;
            }
        return done;
    }

    public override void Dispose()
    {
        _file.Dispose();
        _cipher.Dispose();
    }

    private void Load(long number)
    {
        if (_kept == number)
            return;
        _kept = -1;
        var full = _chunkSize + ChunkCipher.TagBytes;
        var offset = ProtectionHeader.Size + (number * full);
        var bytes = ArrayPool<byte>.Shared.Rent(full);
        try
        {
            var length = (int)Math.Min(full, _file.Length - offset);
            for (var at = 0; at < length;)
            {
                var n = _file.Read(bytes.AsSpan(at, length - at), offset + at);
                if (n == 0)
                    throw ProtectedImage.Changed(number, offset);
                at += n;
            }
            if (!_cipher.TryDecrypt(number, number == _chunks - 1, bytes.AsSpan(0, length), _plain))
                throw ProtectedImage.Changed(number, offset);
            _kept = number;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }
}
