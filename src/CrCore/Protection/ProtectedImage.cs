using System.Security.Cryptography;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>Tells encrypted images from others and opens both. Who gives a key gets nothing that was not encrypted with it.</summary>
internal static class ProtectedImage
{
    /// <param name="stream">At its start, able to seek; disposed of with the result.</param>
    /// <exception cref="CrArgumentException">CrImageEncrypted, CrImageNotEncrypted, CrKeyWrong, CrKeyKindWrong.</exception>
    public static ImageBytes Unwrap(FileStream stream, ImageKey? key)
    {
        var bytes = new PlainBytes(stream);
        var start = new byte[ProtectionHeader.Size];
        var length = bytes.Read(start, 0);
        return Header(start.AsSpan(0, length), key) is { } header ? new DecryptedBytes(bytes, header, header.KeyFrom(key!)) : bytes;
    }

    /// <param name="stream">At its start; disposed of with the result.</param>
    /// <exception cref="CrArgumentException">As <see cref="Unwrap"/>.</exception>
    public static Stream UnwrapStream(Stream stream, ImageKey? key)
    {
        var start = new byte[ProtectionHeader.Size];
        int length;
        try
        {
            length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(0, e);
        }
        if (Header(start.AsSpan(0, length), key) is { } header)
            return new DecryptingStream(stream, header, header.KeyFrom(key!));
        if (!stream.CanSeek)
            return new PrefixedStream(start.AsMemory(0, length), stream);
        stream.Position = 0;
        return stream;
    }

    /// <summary>Whether a file's first bytes are those of an encrypted image.</summary>
    public static bool IsProtected(ReadOnlySpan<byte> start) => start.StartsWith(ProtectionHeader.Magic);

    /// <exception cref="CrArgumentException">CrCryptoUnavailable.</exception>
    public static void CheckSupport()
    {
        if (!AesGcm.IsSupported)
            throw new CrArgumentException("CrCryptoUnavailable", "AES-GCM is not available on this machine.", "Install OpenSSL's libraries (libssl3).", CrErrorKind.NotSupported);
    }

    public static CrImageException Changed(long chunk, long offset)
        => new("CrImageChanged", $"The encrypted image was changed or cut short: chunk {chunk}, at byte {offset}, is not what was written there.", offset,
               "Take another copy. Nothing of the chunk has been used.");

    private static ProtectionHeader? Header(ReadOnlySpan<byte> start, ImageKey? key)
    {
        if (!IsProtected(start))
            return key is null ? null : throw new CrArgumentException("CrImageNotEncrypted", "A key was given, but the image is not encrypted: it may not be the one that was written.",
                "There is nothing to decrypt; leave the key out to use it all the same.");
        if (key is null)
            throw new CrArgumentException("CrImageEncrypted", "The image is encrypted.", "Give the key (-KeyFile) or the passphrase (-Passphrase) that it was encrypted with.", CrErrorKind.PermissionDenied);
        if (start.Length < ProtectionHeader.Size)
            throw ImageError.Truncated(start.Length, "the header of an encrypted image");
        CheckSupport();
        return ProtectionHeader.Decode(start);
    }

    /// <summary>Gives bytes back that were read from a stream that cannot seek.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ForwardReader
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.IsEmpty)
                return rest.Read(buffer);
            var part = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..part].CopyTo(buffer);
            _prefix = _prefix[part..];
            return part;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                rest.Dispose();
            base.Dispose(disposing);
        }
    }
}
