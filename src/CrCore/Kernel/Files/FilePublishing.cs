using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// The calls that bring a finished file under its name, which .NET has no way to: open(2) with O_TMPFILE, linkat(2),
/// renameat2(2), and fsync(2) of a directory. Each gives the errno, or <see cref="Errno.None"/>.
/// </summary>
internal static partial class FilePublishing
{
    // asm-generic/fcntl.h: __O_TMPFILE | O_DIRECTORY.
    private const int O_RDWR = 2, O_DIRECTORY = 0x10000, O_CREAT = 0x40, O_EXCL = 0x80, O_CLOEXEC = 0x80000, O_TMPFILE = 0x400000 | O_DIRECTORY;
    private const int AT_FDCWD = -100, AT_SYMLINK_FOLLOW = 0x400;
    private const uint RENAME_NOREPLACE = 1;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int fd);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LinkAt(int oldDir, string oldPath, int newDir, string newPath, int flags);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int oldDir, string oldPath, int newDir, string newPath, uint flags);

    /// <summary>A file without a name, which vanishes with its last descriptor, also when this process is killed.</summary>
    /// <returns>EOPNOTSUPP, EISDIR or EINVAL where the file system has no such files.</returns>
    public static Errno OpenUnnamed(string directory, uint mode, out SafeFileHandle? file)
        => Create(directory, O_TMPFILE, mode, out file);

    /// <summary>A file with a name that nothing has yet; EEXIST otherwise.</summary>
    public static Errno CreateNew(string path, uint mode, out SafeFileHandle? file)
        => Create(path, O_CREAT | O_EXCL, mode, out file);

    private static Errno Create(string path, int flags, uint mode, out SafeFileHandle? file)
    {
        var fd = Open(path, flags | O_RDWR | O_CLOEXEC, mode);
        file = fd < 0 ? null : new SafeFileHandle(fd, ownsHandle: true);
        return fd < 0 ? KernelError.Last : Errno.None;
    }

    /// <summary>Gives a file its name; EEXIST where the name is taken.</summary>
    public static Errno Link(SafeFileHandle file, string path)
    {
        // open(2), O_TMPFILE: linking through /proc needs no capability, AT_EMPTY_PATH would.
        var r = LinkAt(AT_FDCWD, $"/proc/self/fd/{file.DangerousGetHandle()}", AT_FDCWD, path, AT_SYMLINK_FOLLOW);
        return r < 0 ? KernelError.Last : Errno.None;
    }

    /// <summary>Renames within a file system; without <paramref name="replace"/>, EEXIST where the name is taken.</summary>
    public static Errno Rename(string from, string to, bool replace)
        => RenameAt2(AT_FDCWD, from, AT_FDCWD, to, replace ? 0 : RENAME_NOREPLACE) < 0 ? KernelError.Last : Errno.None;

    /// <summary>Makes the names in a directory outlast a power cut.</summary>
    public static Errno SyncDirectory(string directory)
    {
        var fd = Open(directory, O_DIRECTORY | O_CLOEXEC, 0);
        if (fd < 0)
            return KernelError.Last;
        var errno = Fsync(fd) < 0 ? KernelError.Last : Errno.None;
        Close(fd);
        return errno;
    }
}
