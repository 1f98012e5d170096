using System.Globalization;
using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>Another process's open file description under a number of ours, pidfd_getfd(2): for what only its holder can ask.</summary>
internal readonly struct BorrowedDescriptor : IDisposable
{
    private readonly int _fd;

    private BorrowedDescriptor(int fd) => _fd = fd;

    /// <summary>One that answers nothing where the kernel does not give it.</summary>
    public static BorrowedDescriptor Of(int pid, int fd)
    {
        var process = (int)Native.syscall(Native.PidfdOpen, pid, 0, 0, 0, 0);
        if (process < 0)
            return new BorrowedDescriptor(-1);
        var taken = (int)Native.syscall(Native.PidfdGetfd, process, fd, 0, 0, 0);
        _ = Native.close(process);
        return new BorrowedDescriptor(taken);
    }

    /// <summary>A number that fcntl(2) gives, or null.</summary>
    public string? Control(int command) => Native.fcntl(_fd, command, 0) is var answer and >= 0 ? answer.ToString(CultureInfo.InvariantCulture) : null;

    /// <summary>What fcntl(2) writes, or null.</summary>
    public byte[]? Control(int command, int size)
    {
        var answer = new byte[size];
        return Native.fcntl(_fd, command, answer) < 0 ? null : answer;
    }

    /// <summary>What ioctl(2) writes, in hexadecimal, or "?".</summary>
    public string Device(ulong request, int size)
    {
        var answer = new byte[size];
        return Native.ioctl(_fd, request, answer) < 0 ? "?" : Convert.ToHexString(answer);
    }

    /// <summary>An option of a socket, in hexadecimal; null where it has none such.</summary>
    public string? Option(int level, int name)
    {
        var (answer, length) = (new byte[64], 64);
        return Native.getsockopt(_fd, level, name, answer, ref length) < 0 ? null : Convert.ToHexString(answer.AsSpan(0, length));
    }

    public void Dispose()
    {
        if (_fd >= 0)
            _ = Native.close(_fd);
    }
}
