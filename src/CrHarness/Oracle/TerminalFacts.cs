using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>Modes and window of the slave of a pseudo-terminal, and how much waits in it.</summary>
internal static class TerminalFacts
{
    public const string Slaves = "/dev/pts/";

    private const int NoControllingTerminalNonblockCloexec = 0x100 | 0x800 | 0x80000;

    // ioctl_tty(2); struct termios of asm-generic/termbits.h has 36 bytes, struct winsize 8.
    private const ulong GetModes = 0x5401, GetWindow = 0x5413, Waiting = 0x541b;
    private const int ModesSize = 36, WindowSize = 8;

    /// <param name="path">A link in /proc that opens it.</param>
    public static string Of(string path)
    {
        var fd = Native.open(path, NoControllingTerminalNonblockCloexec);
        if (fd < 0)
            return "(unreadable)";
        try
        {
            return $"modes {Ask(fd, GetModes, ModesSize)} window {Ask(fd, GetWindow, WindowSize)} waiting {Ask(fd, Waiting, sizeof(int))}";
        }
        finally
        {
            _ = Native.close(fd);
        }
    }

    private static string Ask(int fd, ulong request, int size)
    {
        var answer = new byte[size];
        return Native.ioctl(fd, request, answer) < 0 ? "?" : Convert.ToHexString(answer);
    }
}
