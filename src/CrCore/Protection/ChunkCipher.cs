using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CrCore.Protection;

/// <summary>
/// AES-256-GCM over the chunks of one image. A chunk's nonce is its number and whether it is the last (the STREAM construction
/// of Hoang, Reyhanitabar, Rogaway and Vizár): chunks cannot be exchanged, left out or cut off without being noticed.
/// </summary>
internal sealed class ChunkCipher(byte[] key) : IDisposable
{
    public const int TagBytes = 16;

    private const int NonceBytes = 12;

    // GCM bears 2^32 chunks under one key; the number is counted far below that.
    private const long MaxChunks = uint.MaxValue;

    private readonly AesGcm _aes = new(key, TagBytes);

    /// <param name="sealedChunk">As long as the plain bytes and a tag.</param>
    public void Encrypt(long number, bool isLast, ReadOnlySpan<byte> plain, Span<byte> sealedChunk)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(nonce, number, isLast);
        _aes.Encrypt(nonce, plain, sealedChunk[..plain.Length], sealedChunk[plain.Length..]);
    }

    /// <returns>false when the chunk is not the one that was written there, with this key.</returns>
    public bool TryDecrypt(long number, bool isLast, ReadOnlySpan<byte> sealedChunk, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(nonce, number, isLast);
        var length = sealedChunk.Length - TagBytes;
        if (length < 0)
            return false;
        try
        {
            _aes.Decrypt(nonce, sealedChunk[..length], sealedChunk[length..], plain[..length]);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _aes.Dispose();
        CryptographicOperations.ZeroMemory(key);
    }

    private static void WriteNonce(Span<byte> nonce, long number, bool isLast)
    {
        if (number > MaxChunks)
            throw new CrArgumentException("CrImageTooLargeToEncrypt", "The image has more chunks than one key may encrypt.", "Encrypt it with another program.");
        nonce.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(nonce[7..], (uint)number);
        nonce[11] = isLast ? (byte)1 : (byte)0;
    }
}
