using System.Buffers;
using System.Security.Cryptography;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>
/// What stands in the clear before an encrypted image (docs/image-format.md, Encrypted images). It is bound to everything
/// behind it: the image's key is derived from it, so that a changed header gives another key.
/// </summary>
/// <param name="Salt">32 random bytes: they make the key one of this image alone, so that nonces may count from 0.</param>
/// <param name="ChunkSize">Bytes of the image in each chunk but the last.</param>
/// <param name="Verifier">Tells a wrong key from a damaged image.</param>
internal sealed record ProtectionHeader(KeyDerivation Derivation, ReadOnlyMemory<byte> Salt, int ChunkSize, ReadOnlyMemory<byte> Verifier)
{
    public const int SaltBytes = 32, VerifierBytes = 32;

    public const int DefaultChunkSize = 64 << 10;

    /// <summary>Bytes of the header in the file.</summary>
    public const int Size = 16 + KeyDerivation.Size + SaltBytes + VerifierBytes;

    private const int MinChunkSize = 4096, MaxChunkSize = 1 << 20;

    private const uint Version = 1;

    /// <summary>An image in the clear starts with a HEAD, whose first bytes are 01 00.</summary>
    public static ReadOnlySpan<byte> Magic => "CRIMGENC"u8;

    /// <summary>A header for a new image, and the image's key.</summary>
    public static (ProtectionHeader Header, byte[] Key) Create(ImageKey key)
    {
        var header = new ProtectionHeader(key.NewDerivation(), RandomNumberGenerator.GetBytes(SaltBytes), DefaultChunkSize, new byte[VerifierBytes]);
        var (own, verifier) = header.Derive(key);
        return (header with { Verifier = verifier }, own);
    }

    /// <summary>The image's key.</summary>
    /// <exception cref="CrArgumentException">CrKeyWrong, CrKeyKindWrong.</exception>
    public byte[] KeyFrom(ImageKey key)
    {
        var (own, verifier) = Derive(key);
        if (CryptographicOperations.FixedTimeEquals(verifier, Verifier.Span))
            return own;
        throw new CrArgumentException("CrKeyWrong", $"The {(Derivation.IsPassphrase ? "passphrase" : "key")} does not open the image, or the image's first bytes were changed.",
            "Give the one that the image was encrypted with.", CrErrorKind.PermissionDenied);
    }

    public byte[] Encode() => [.. EncodeBound(), .. Verifier.Span];

    /// <param name="bytes"><see cref="Size"/> bytes.</param>
    /// <exception cref="CrImageException">It is broken, or of a version that is not known.</exception>
    public static ProtectionHeader Decode(ReadOnlySpan<byte> bytes)
    {
        var r = new FieldReader(bytes, 0);
        if (!r.Raw(Magic.Length).SequenceEqual(Magic))
            throw r.Bad("an encrypted image does not start with its magic bytes");
        var version = r.U32();
        if (version != Version)
            throw ImageError.Feature(0, $"encryption of version {version}");
        var chunkSize = r.U32();
        if (chunkSize is < MinChunkSize or > MaxChunkSize)
            throw r.Bad($"chunks have {chunkSize} bytes");
        return new ProtectionHeader(KeyDerivation.Read(ref r), r.Raw(SaltBytes).ToArray(), (int)chunkSize, r.Raw(VerifierBytes).ToArray());
    }

    private (byte[] Key, byte[] Verifier) Derive(ImageKey key)
    {
        byte[] info = [.. "CrModule image encryption 1"u8, .. EncodeBound()];
        var bytes = HKDF.DeriveKey(HashAlgorithmName.SHA256, key.MasterFor(Derivation), ImageKey.KeyBytes + VerifierBytes, Salt.ToArray(), info);
        return (bytes[..ImageKey.KeyBytes], bytes[ImageKey.KeyBytes..]);
    }

    private byte[] EncodeBound()
    {
        var bytes = new ArrayBufferWriter<byte>(Size);
        var w = new FieldWriter(bytes);
        w.Raw(Magic);
        w.U32(Version);
        w.U32((uint)ChunkSize);
        Derivation.Write(ref w);
        w.Raw(Salt.Span);
        return bytes.WrittenSpan.ToArray();
    }
}
