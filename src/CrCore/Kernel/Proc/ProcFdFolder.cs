using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace CrCore.Kernel;

/// <summary>
/// The directories /proc/PID/fd and /proc/PID/fdinfo of one task, held open: a look-up that starts there and not at the root
/// costs a fifth less, and there are several for each descriptor. Several threads may use it, each with a buffer of its own.
/// </summary>
internal sealed class ProcFdFolder : IDisposable
{
    /// <summary>Bytes that hold any target (PATH_MAX, proc_pid_readlink) and the fdinfo of nearly all descriptors.</summary>
    public const int BufferSize = 4096;

    // A decimal number and the zero behind it.
    private const int NameSize = 12;

    private readonly int _pid;
    private readonly int _links;
    private readonly int _infos;

    /// <summary>Opens both; false when the task is gone, or may not be looked into.</summary>
    public static bool TryOpen(int pid, out ProcFdFolder? folder)
    {
        var opened = new ProcFdFolder(pid);
        folder = opened._links < 0 || opened._infos < 0 ? null : opened;
        if (folder is null)
            opened.Dispose();
        return folder is not null;
    }

    private ProcFdFolder(int pid)
    {
        _pid = pid;
        _links = FileNative.Open(new ProcPath(stackalloc byte[ProcPath.Size], pid, "fd"u8).Terminated, FileNative.O_PATH | FileNative.O_DIRECTORY);
        _infos = FileNative.Open(new ProcPath(stackalloc byte[ProcPath.Size], pid, "fdinfo"u8).Terminated, FileNative.O_PATH | FileNative.O_DIRECTORY);
    }

    /// <summary>What the link of a descriptor says, as <see cref="ProcFd.TryReadTarget"/>; the bytes are in <paramref name="buffer"/>.</summary>
    public bool TryReadTarget(int fd, Span<byte> buffer, out ReadOnlySpan<byte> target)
    {
        var n = FileNative.ReadLinkAt(_links, Name(stackalloc byte[NameSize], fd), buffer);
        target = n < 0 ? default : buffer[..n];
        return n >= 0 || GoneOrThrow("fd"u8, fd, "Reading the link");
    }

    /// <summary>The object behind a descriptor; never opens it.</summary>
    public Errno ReadStatus(int fd, out FileStatus status) => FileStatus.ReadAt(_links, Name(stackalloc byte[NameSize], fd), out status);

    /// <summary>The fdinfo of a descriptor, as <see cref="ProcFd.TryReadInfo"/>. The text may be longer than the buffer: then it is filled to its end.</summary>
    public bool TryReadInfo(int fd, Span<byte> buffer, out ReadOnlySpan<byte> text)
    {
        text = default;
        var file = FileNative.OpenAt(_infos, Name(stackalloc byte[NameSize], fd), FileNative.O_RDONLY);
        if (file < 0)
            return GoneOrThrow("fdinfo"u8, fd, "Opening");
        // The whole file is one record (single_open, seq_read_iter in fs/seq_file.c): one read gives all that fits.
        var n = FileNative.Read(file, buffer);
        var errno = n < 0 ? KernelError.Last : Errno.None;
        _ = FileNative.Close(file);
        text = n < 0 ? default : buffer[..n];
        return n >= 0 || GoneOrThrow("fdinfo"u8, fd, "Reading", errno);
    }

    public void Dispose()
    {
        if (_links >= 0)
            _ = FileNative.Close(_links);
        if (_infos >= 0)
            _ = FileNative.Close(_infos);
    }

    private static ReadOnlySpan<byte> Name(Span<byte> buffer, int fd)
    {
        Utf8Formatter.TryFormat(fd, buffer, out var n);
        buffer[n] = 0;
        return buffer[..(n + 1)];
    }

    private bool GoneOrThrow(scoped ReadOnlySpan<byte> name, int fd, string doing, Errno errno = Errno.None)
    {
        if (errno == Errno.None)
            errno = KernelError.Last;
        if (errno is Errno.ENOENT or Errno.ESRCH)
            return false;
        var path = new ProcPath(stackalloc byte[ProcPath.Size], _pid, name, fd).ToString();
        throw KernelError.Create("CrProcReadFailed", $"{doing} {path} failed", errno, _pid, path);
    }
}
