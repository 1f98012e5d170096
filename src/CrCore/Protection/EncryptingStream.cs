using System.Security.Cryptography;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>Encrypts what is written to it, forward only. Without <see cref="Complete"/> the last chunk is missing, and a reader sees that.</summary>
internal sealed class EncryptingStream : ForwardWriter
{
    private readonly Stream _destination;
    private readonly ChunkCipher _cipher;
    private readonly byte[] _plain, _sealed;
    private long _number;
    private int _used;
    private bool _completed;

    /// <param name="destination">Left open.</param>
    public EncryptingStream(Stream destination, ImageKey key)
    {
        ProtectedImage.CheckSupport();
        var (header, own) = ProtectionHeader.Create(key);
        _destination = destination;
        _cipher = new ChunkCipher(own);
        _plain = new byte[header.ChunkSize];
        _sealed = new byte[header.ChunkSize + ChunkCipher.TagBytes];
        destination.Write(header.Encode());
    }

    public override void Write(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_completed, this);
        while (bytes.Length > 0)
        {
            // A full chunk waits: whether it is the last one is not known before more comes.
            if (_used == _plain.Length)
                WriteChunk(isLast: false);
            var part = Math.Min(bytes.Length, _plain.Length - _used);
            bytes[..part].CopyTo(_plain.AsSpan(_used));
            _used += part;
            bytes = bytes[part..];
        }
    }

    /// <summary>Writes the last chunk.</summary>
    /// <exception cref="CrKernelException">CrImageWriteFailed.</exception>
    public void Complete()
    {
        try
        {
            WriteChunk(isLast: true);
            _destination.Flush();
        }
        catch (Exception e) when (Image.WriteError.Is(e))
        {
            throw Image.WriteError.Of(e, "write the image");
        }
        _completed = true;
    }

    // Chunks are written when they are full; what is left waits for more.
    public override void Flush() => _destination.Flush();

    protected override void Dispose(bool disposing)
    {
        _cipher.Dispose();
        CryptographicOperations.ZeroMemory(_plain);
        base.Dispose(disposing);
    }

    private void WriteChunk(bool isLast)
    {
        _cipher.Encrypt(_number++, isLast, _plain.AsSpan(0, _used), _sealed.AsSpan(0, _used + ChunkCipher.TagBytes));
        _destination.Write(_sealed.AsSpan(0, _used + ChunkCipher.TagBytes));
        _used = 0;
    }
}
