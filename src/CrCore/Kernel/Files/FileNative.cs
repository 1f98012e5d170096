using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>Imports for files: open(2), read(2), getdents64(2) and their like. Paths are zero-terminated bytes.</summary>
internal static unsafe partial class FileNative
{
    public const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2;
    public const int O_CREAT = 0x40, O_EXCL = 0x80, O_NONBLOCK = 0x800, O_DIRECTORY = 0x10000, O_NOFOLLOW = 0x20000, O_CLOEXEC = 0x80000, O_PATH = 0x200000;
    public const int AT_FDCWD = -100;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    private static partial int OpenRaw(byte* path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadRaw(int fd, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteRaw(int fd, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "readlink", SetLastError = true)]
    private static partial nint ReadLinkRaw(byte* path, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "getdents64", SetLastError = true)]
    private static partial nint GetDentsRaw(int fd, byte* buffer, nuint size);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    /// <summary>open(2), repeated on EINTR; the descriptor or -1.</summary>
    public static int Open(ReadOnlySpan<byte> terminatedPath, int flags, uint mode = 0)
    {
        fixed (byte* p = terminatedPath)
        {
            int fd;
            do
                fd = OpenRaw(p, flags | O_CLOEXEC, mode);
            while (fd < 0 && KernelError.Last == Errno.EINTR);
            return fd;
        }
    }

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true)]
    private static partial int OpenAtRaw(int directory, byte* path, int flags, uint mode);

    /// <summary>openat(2), repeated on EINTR; the descriptor or -1.</summary>
    public static int OpenAt(int directory, ReadOnlySpan<byte> terminatedPath, int flags)
    {
        fixed (byte* p = terminatedPath)
        {
            int fd;
            do
                fd = OpenAtRaw(directory, p, flags | O_CLOEXEC, 0);
            while (fd < 0 && KernelError.Last == Errno.EINTR);
            return fd;
        }
    }

    /// <summary>read(2), repeated on EINTR; the count or -1.</summary>
    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            nint n;
            do
                n = ReadRaw(fd, p, (nuint)buffer.Length);
            while (n < 0 && KernelError.Last == Errno.EINTR);
            return (int)n;
        }
    }

    /// <summary>write(2), repeated on EINTR; the count or -1.</summary>
    public static int Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            nint n;
            do
                n = WriteRaw(fd, p, (nuint)bytes.Length);
            while (n < 0 && KernelError.Last == Errno.EINTR);
            return (int)n;
        }
    }

    /// <summary>readlink(2): the count or -1. A count equal to the buffer's length means that the target may be cut.</summary>
    public static int ReadLink(ReadOnlySpan<byte> terminatedPath, Span<byte> buffer)
    {
        fixed (byte* p = terminatedPath)
        fixed (byte* b = buffer)
            return (int)ReadLinkRaw(p, b, (nuint)buffer.Length);
    }

    [LibraryImport("libc", EntryPoint = "readlinkat", SetLastError = true)]
    private static partial nint ReadLinkAtRaw(int fd, byte* path, byte* buffer, nuint size);

    /// <summary>readlinkat(2): as <see cref="ReadLink"/>, from a directory on.</summary>
    public static int ReadLinkAt(int directory, ReadOnlySpan<byte> terminatedPath, Span<byte> buffer)
    {
        fixed (byte* p = terminatedPath)
        fixed (byte* b = buffer)
            return (int)ReadLinkAtRaw(directory, p, b, (nuint)buffer.Length);
    }

    /// <summary>What a symbolic link that is open with O_PATH leads to: the count or -1.</summary>
    public static int ReadLinkOf(int fd, Span<byte> buffer) => ReadLinkAt(fd, [0], buffer);

    /// <summary>getdents64(2): bytes of struct linux_dirent64 records, 0 at the end, or -1.</summary>
    public static int GetDents(int fd, Span<byte> buffer)
    {
        fixed (byte* b = buffer)
            return (int)GetDentsRaw(fd, b, (nuint)buffer.Length);
    }
}
