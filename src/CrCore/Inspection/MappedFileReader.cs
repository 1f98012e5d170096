using CrCore.Kernel;
using CrCore.Objects.Files;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Inspection;

/// <summary>Reads what mapped files hold today, as long as they are the files that were saved. Keeps the last one open.</summary>
internal sealed class MappedFileReader : IDisposable
{
    private string _path = "";
    private FileIdentity _identity;
    private SafeFileHandle? _file;

    /// <summary>Reads from an offset on; what lies behind the file's end stays as it is in <paramref name="destination"/>.</summary>
    /// <returns>false where the file is missing, may not be read, or is not what was saved.</returns>
    public bool Read(string path, in FileIdentity identity, ulong offset, Span<byte> destination)
    {
        if (Open(path, identity) is not { } file)
            return false;
        try
        {
            for (var at = 0; at < destination.Length;)
            {
                var n = RandomAccess.Read(file, destination[at..], (long)offset + at);
                if (n == 0)
                    break;
                at += n;
            }
            return true;
        }
        catch (IOException)
        {
            return false; // as good as missing
        }
    }

    public void Dispose() => _file?.Dispose();

    private SafeFileHandle? Open(string path, in FileIdentity identity)
    {
        if (path == _path && identity == _identity)
            return _file;
        _file?.Dispose();
        (_path, _identity, _file) = (path, identity, null);
        // A path of a device or a FIFO might block or act when it is opened.
        if (FileStatus.Read(path, out var status) != Errno.None || !status.IsRegular || identity.ChangeTo(FileIdentity.Of(status)) != FileChange.None)
            return null;
        try
        {
            _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Missing between the look and the opening, or not to be read: told as missing.
        }
        return _file;
    }
}
