using System.Management.Automation;
using System.Runtime.InteropServices;
using System.Security;
using CrCore;
using CrCore.Protection;

namespace CrModule.Pipeline;

/// <summary>The key of -KeyFile or -Passphrase, made at its first use and forgotten at the command's end.</summary>
internal sealed class ImageSecret : IDisposable
{
    private readonly Lock _lock = new();
    private ImageKey? _key;

    /// <summary>The key; null where neither was given. The engine's thread may ask, too.</summary>
    /// <exception cref="CrArgumentException">Both were given, or the key file is of no use.</exception>
    public ImageKey? Of(PSCmdlet cmdlet, string? keyFile, SecureString? passphrase, CancellationToken cancel)
    {
        if (keyFile is not null && passphrase is not null)
            throw new CrArgumentException("CrKeyNotUnique", "Give either -KeyFile or -Passphrase.", "An image is encrypted with one of them.") { Object = keyFile };
        lock (_lock)
            return _key ??= keyFile is not null ? ImageKey.OfFile(FileSystemPath.Unresolved(cmdlet, keyFile), cancel)
                : passphrase is not null ? OfSecure(passphrase)
                : null;
    }

    public void Dispose() => _key?.Dispose();

    private static ImageKey OfSecure(SecureString passphrase)
    {
        var text = Marshal.SecureStringToBSTR(passphrase);
        var characters = new char[passphrase.Length];
        try
        {
            Marshal.Copy(text, characters, 0, characters.Length);
            return ImageKey.OfPassphrase(characters);
        }
        finally
        {
            Marshal.ZeroFreeBSTR(text);
            Array.Clear(characters);
        }
    }
}
