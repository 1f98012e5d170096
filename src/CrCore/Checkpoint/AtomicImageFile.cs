using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Checkpoint;

/// <summary>
/// A file that appears under its name only when it is complete and on disk. Until then it has no name at all where the
/// file system can do that, else a hidden one beside it. <see cref="Dispose"/> without <see cref="Commit"/> leaves nothing.
/// </summary>
public sealed class AtomicImageFile : ImageDestination
{
    private const uint Mode = 0x180; // 0600: an image holds the memory of its processes.

    private readonly bool _overwrite;
    private readonly IDisposable? _sizeLimit;
    private string? _hiddenPath;
    private bool _committed;

    private AtomicImageFile(string path, bool overwrite, SafeFileHandle handle, string? hiddenPath)
    {
        (Path, _overwrite, Handle, _hiddenPath) = (path, overwrite, handle, hiddenPath);
        // No buffer: the image writer has its own.
        Stream = new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
        // A write beyond the limit is to fail (EFBIG) and not to end this process, which the kernel's own action would (setrlimit(2)).
        if (TaskCalls.TryGetLimit(Environment.ProcessId, ResourceKind.FileSize, out var limit) && limit.Soft != RLimit64.Infinity)
            _sizeLimit = SizeLimitSignal.Ignore();
    }

    /// <summary>The name that it will have, absolute.</summary>
    public override string Path { get; }

    /// <inheritdoc/>
    public override FileStream Stream { get; }

    /// <inheritdoc/>
    public override long Length => Stream.Length;

    /// <inheritdoc/>
    public override bool CanBeginAgain => true;

    /// <summary>The file itself, with or without a name.</summary>
    public SafeFileHandle Handle { get; }

    /// <param name="path">Where the file shall appear.</param>
    /// <param name="overwrite">Replace a regular file that has the name; it stays as it is until <see cref="Commit"/>.</param>
    /// <exception cref="CrArgumentException">CrImageExists, CrImagePathNotFound, CrImageNotAFile.</exception>
    /// <exception cref="CrKernelException">CrImageCreateFailed.</exception>
    public static AtomicImageFile Create(string path, bool overwrite) => Create(path, overwrite, unnamed: true);

    /// <param name="unnamed">Use a file without a name where the file system has such.</param>
    internal static AtomicImageFile Create(string path, bool overwrite, bool unnamed)
    {
        path = System.IO.Path.GetFullPath(path);
        CheckTarget(path, overwrite);
        var directory = System.IO.Path.GetDirectoryName(path)!;
        if (!unnamed)
            return CreateHidden(path, overwrite, directory);
        var errno = FilePublishing.OpenUnnamed(directory, Mode, out var handle);
        if (errno == Errno.None)
            return new AtomicImageFile(path, overwrite, handle!, null);
        if (errno is not (Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL or Errno.ENOENT))
            throw Failed("CrImageCreateFailed", $"Could not create a file in '{directory}'", path, errno);
        return CreateHidden(path, overwrite, directory);
    }

    /// <summary>Brings the file to disk and under its name. Where that fails, there is no file.</summary>
    /// <exception cref="CrArgumentException">CrImageExists: the name was taken in the meantime.</exception>
    /// <exception cref="CrKernelException">CrImageWriteFailed.</exception>
    public override void Commit()
    {
        try
        {
            Stream.Flush();
            RandomAccess.FlushToDisk(Handle);
        }
        catch (IOException e)
        {
            throw Image.WriteError.Of(e, $"bring the image '{Path}' to disk");
        }
        Name();
        _committed = true;
        var errno = FilePublishing.SyncDirectory(System.IO.Path.GetDirectoryName(Path)!);
        // EINVAL: a file system that cannot do it, which has nothing to bring to disk either (fsync(2)).
        if (errno is not (Errno.None or Errno.EINVAL))
        {
            File.Delete(Path);
            throw Failed("CrImageWriteFailed", $"Could not bring the directory of '{Path}' to disk", Path, errno);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Stream.Dispose();
        _sizeLimit?.Dispose();
        if (!_committed && _hiddenPath is not null)
            File.Delete(_hiddenPath);
    }

    private void Name()
    {
        if (_hiddenPath is null && !_overwrite)
        {
            Check(FilePublishing.Link(Handle, Path));
            return;
        }
        if (_hiddenPath is null)
        {
            // linkat(2) never replaces a name, rename(2) does: the file gets a hidden name for a moment.
            var hidden = HiddenName(Path);
            Check(FilePublishing.Link(Handle, hidden));
            _hiddenPath = hidden;
        }
        Check(FilePublishing.Rename(_hiddenPath, Path, _overwrite));
        _hiddenPath = null;
    }

    private void Check(Errno errno)
    {
        if (errno == Errno.EEXIST)
            throw Exists(Path);
        if (errno != Errno.None)
            throw Failed("CrImageWriteFailed", $"Could not bring the image under its name '{Path}'", Path, errno);
    }

    private static AtomicImageFile CreateHidden(string path, bool overwrite, string directory)
    {
        var hidden = HiddenName(path);
        var errno = FilePublishing.CreateNew(hidden, Mode, out var handle);
        return errno == Errno.None
            ? new AtomicImageFile(path, overwrite, handle!, hidden)
            : throw Failed("CrImageCreateFailed", $"Could not create a file in '{directory}'", path, errno);
    }

    private static void CheckTarget(string path, bool overwrite)
    {
        if (!Directory.Exists(System.IO.Path.GetDirectoryName(path)))
            throw new CrArgumentException("CrImagePathNotFound", $"The directory of '{path}' does not exist.", "Create it first, or give another path.", CrErrorKind.NotFound) { Object = path };
        if (Directory.Exists(path))
            throw new CrArgumentException("CrImageNotAFile", $"'{path}' is a directory.", "Give the path of a file.") { Object = path };
        var errno = FileStatus.Read(path, out var status, follow: false);
        if (errno == Errno.ENOENT)
            return;
        if (errno != Errno.None)
            throw Failed("CrImageCreateFailed", $"Could not look at '{path}'", path, errno);
        if (!overwrite)
            throw Exists(path);
        // A name given to rename(2) is replaced whatever it is: /dev/null would be gone.
        if (!status.IsRegular)
            throw new CrArgumentException("CrImageNotAFile", $"'{path}' is not a regular file.", "Give the path of a regular file, or one that does not exist.") { Object = path };
    }

    private static string HiddenName(string path)
        => System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, $".{Guid.NewGuid():N}.cr-part");

    private static CrArgumentException Exists(string path)
        => new("CrImageExists", $"There is a file '{path}' already.", "Give another path, or ask for it to be overwritten.", CrErrorKind.Obstacle) { Object = path };

    private static CrKernelException Failed(string id, string what, string path, Errno errno)
        => new(id, what, errno, Image.WriteError.Advice(errno)) { Object = path };
}
