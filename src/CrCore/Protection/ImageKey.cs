using System.Security.Cryptography;
using System.Text;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>
/// The secret that images are encrypted with: a key, or a passphrase that one is derived from. It is kept in memory until it is
/// disposed of, and serves for any number of images: each has a key of its own, derived from this and a random salt.
/// </summary>
public sealed class ImageKey : IDisposable
{
    /// <summary>Bytes of a key.</summary>
    public const int KeyBytes = 32;

    private const int MaxFileBytes = 4096;

    private readonly byte[] _secret;
    private readonly Lock _lock = new();

    // Deriving from a passphrase costs a second by design; one that was derived serves for the images that follow.
    private (KeyDerivation Derivation, byte[] Master)? _derived;

    private ImageKey(byte[] secret, bool isPassphrase) => (_secret, IsPassphrase) = (secret, isPassphrase);

    /// <summary>The key is derived from a passphrase (Argon2id); else it is one of 32 bytes.</summary>
    public bool IsPassphrase { get; }

    /// <summary>A key of 32 random bytes.</summary>
    public static ImageKey OfBytes(ReadOnlySpan<byte> key)
        => key.Length == KeyBytes
            ? new ImageKey(key.ToArray(), isPassphrase: false)
            : throw new CrArgumentException("CrKeyInvalid", $"A key has {KeyBytes} bytes, this one {key.Length}.", "Make one from a random number generator.");

    /// <summary>A passphrase: any text that is not empty. The characters are not kept.</summary>
    public static ImageKey OfPassphrase(ReadOnlySpan<char> passphrase)
    {
        if (passphrase.IsEmpty)
            throw new CrArgumentException("CrPassphraseEmpty", "The passphrase is empty.", "Give one of several words.");
        var bytes = new byte[Encoding.UTF8.GetByteCount(passphrase)];
        Encoding.UTF8.GetBytes(passphrase, bytes);
        return new ImageKey(bytes, isPassphrase: true);
    }

    /// <summary>A key from a file that holds 32 bytes, or 64 hexadecimal digits as text.</summary>
    /// <param name="cancel">Ends the wait for the writer of a pipe.</param>
    /// <exception cref="CrArgumentException">CrKeyFileNotFound, CrKeyFileUnreadable, CrKeyInvalid.</exception>
    public static ImageKey OfFile(string path, CancellationToken cancel = default)
    {
        byte[] bytes;
        try
        {
            // A key may come through a pipe, whose writer may never come.
            using var file = ImagePath.TryOpenFifo(path, cancel) ?? File.OpenRead(path);
            bytes = new byte[MaxFileBytes];
            var length = file.ReadAtLeast(bytes, MaxFileBytes, throwOnEndOfStream: false);
            bytes = bytes[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CrArgumentException("CrKeyFileNotFound", $"There is no key file '{path}'.", "Check the path.", CrErrorKind.NotFound) { Object = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CrArgumentException("CrKeyFileUnreadable", $"The key file '{path}' cannot be read: {e.Message}", "Check its permissions.", CrErrorKind.PermissionDenied) { Object = path };
        }
        var key = bytes.Length == KeyBytes ? bytes : FromHex(bytes);
        return key is not null
            ? new ImageKey(key, isPassphrase: false)
            : throw new CrArgumentException("CrKeyInvalid", $"The key file '{path}' holds neither {KeyBytes} bytes nor {2 * KeyBytes} hexadecimal digits.",
                "Make one with: openssl rand -out key 32") { Object = path };
    }

    /// <summary>The bytes that an image's own key is derived from.</summary>
    /// <exception cref="CrArgumentException">CrKeyKindWrong: the image was encrypted with the other kind of secret.</exception>
    internal byte[] MasterFor(KeyDerivation derivation)
    {
        if (derivation.IsPassphrase != IsPassphrase)
            throw new CrArgumentException("CrKeyKindWrong", $"The image was encrypted with a {(derivation.IsPassphrase ? "passphrase" : "key file")}, not with a {(IsPassphrase ? "passphrase" : "key file")}.",
                derivation.IsPassphrase ? "Give -Passphrase." : "Give -KeyFile.", CrErrorKind.PermissionDenied);
        if (!IsPassphrase)
            return _secret;
        lock (_lock)
        {
            if (_derived is { } known && known.Derivation.Equals(derivation))
                return known.Master;
            _derived = (derivation, derivation.Derive(_secret));
            return _derived.Value.Master;
        }
    }

    /// <summary>How a new image's key is derived. A passphrase's work is done once, and its salt used for all images of one run.</summary>
    internal KeyDerivation NewDerivation()
    {
        lock (_lock)
            return _derived?.Derivation ?? (IsPassphrase ? KeyDerivation.NewPassphrase() : KeyDerivation.KeyFile);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        if (_derived is { } derived)
            CryptographicOperations.ZeroMemory(derived.Master);
    }

    private static byte[]? FromHex(ReadOnlySpan<byte> text)
    {
        var digits = text.Trim(" \t\r\n"u8);
        var key = new byte[KeyBytes];
        return digits.Length == 2 * KeyBytes && Convert.FromHexString(digits, key, out _, out _) == System.Buffers.OperationStatus.Done ? key : null;
    }
}
