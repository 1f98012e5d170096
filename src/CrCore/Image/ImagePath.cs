using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>Opens image files, with errors that say what to do.</summary>
internal static class ImagePath
{
    public static FileStream Open(string path)
    {
        try
        {
            // The standard input may be a socket, which cannot be opened by a name.
            if (path is "/dev/stdin" or "/dev/fd/0" or "/proc/self/fd/0")
                return new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
            // No buffer: the reader has its own.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CrArgumentException("CrImageNotFound", $"There is no image '{path}'.", "Check the path.", CrErrorKind.NotFound);
        }
        catch (UnauthorizedAccessException)
        {
            throw Directory.Exists(path)
                ? new CrArgumentException("CrImageNotAFile", $"'{path}' is a directory.", "Give the path of an image file.")
                : new CrArgumentException("CrImageAccessDenied", $"The image '{path}' may not be read.", "Images can be read by who wrote them; ask them, or become root.", CrErrorKind.PermissionDenied);
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(0, e);
        }
    }
}
