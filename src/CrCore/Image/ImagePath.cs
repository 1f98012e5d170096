using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>Opens image files, with errors that say what to do.</summary>
internal static class ImagePath
{
    private static bool IsStandardInput(string path) => path is "/dev/stdin" or "/dev/fd/0" or "/proc/self/fd/0";

    /// <summary>For who reads at any place: a pipe is refused, without a wait for its writer, and so is a device, which has no length.</summary>
    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied, CrImageNotAFile.</exception>
    public static FileStream OpenFile(string path) => IsNoFile(path) ? throw NotAFile(path) : Open(path);

    /// <exception cref="CrArgumentException">CrImageNotAFile.</exception>
    public static CrArgumentException NotAFile(string path)
        => new("CrImageNotAFile", $"'{path}' is not a regular file.", "Copy the image to a file first.") { Object = path };

    /// <summary>For who reads from front to end.</summary>
    /// <param name="cancel">Ends the wait for the writer of a pipe.</param>
    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied, CrImageNotAFile.</exception>
    public static Stream OpenStream(string path, CancellationToken cancel)
    {
        if (!IsStandardInput(path) && TryOpenFifo(path, cancel) is { } fifo)
            return fifo;
        var stream = Open(path);
        if (stream.CanSeek || !OperatingSystem.IsLinux() || !IsStandardInput(path) || OwnDescriptor.TryDuplicate(stream.SafeFileHandle, out _) is not { } pipe)
            return stream;
        stream.Dispose();
        return new PipeSource(pipe, cancel);
    }

    /// <summary>Null where the path is no FIFO, or cannot be opened: another way to open it says why.</summary>
    public static Stream? TryOpenFifo(string path, CancellationToken cancel) => IsFifo(path) ? PipeSource.TryOpen(path, cancel) : null;

    /// <summary>What opening tells better, as a directory or a path that leads nowhere, is no such thing.</summary>
    private static bool IsNoFile(string path)
        => OperatingSystem.IsLinux() && FileStatus.Read(path, out var status) == Errno.None && !status.IsRegular && !status.IsDirectory;

    private static bool IsFifo(string path) => OperatingSystem.IsLinux() && FileStatus.Read(path, out var status) == Errno.None && status.IsFifo;

    private static FileStream Open(string path)
    {
        try
        {
            // The standard input may be a socket, which cannot be opened by a name.
            if (IsStandardInput(path))
                return new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
            // No buffer: the reader has its own.
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CrArgumentException("CrImageNotFound", $"There is no image '{path}'.", "Check the path.", CrErrorKind.NotFound) { Object = path };
        }
        catch (UnauthorizedAccessException)
        {
            throw Directory.Exists(path)
                ? new CrArgumentException("CrImageNotAFile", $"'{path}' is a directory.", "Give the path of an image file.") { Object = path }
                : new CrArgumentException("CrImageAccessDenied", $"The image '{path}' may not be read.", "Images can be read by who wrote them; ask them, or become root.", CrErrorKind.PermissionDenied) { Object = path };
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(0, e);
        }
    }
}
