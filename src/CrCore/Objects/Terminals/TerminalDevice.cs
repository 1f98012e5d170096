using CrCore.Kernel;

namespace CrCore.Objects.Terminals;

/// <summary>Numbers of terminal devices (Documentation/admin-guide/devices.txt of Linux).</summary>
internal static class TerminalDevice
{
    private const int ConsoleMajor = 4, TtyMajor = 5, FirstPtyMajor = 136, LastPtyMajor = 143, MasterMinor = 2, ConsoleMinor = 1, FirstSerialMinor = 64;

    public static bool Is(in FileStatus status) => Is(status.RawMajor);

    public static bool IsMaster(in FileStatus status) => status.RawMajor == TtyMajor && status.RawMinor == MasterMinor;

    /// <summary>A virtual console, /dev/tty0 for the one in front, or /dev/console for what the kernel writes to.</summary>
    public static bool IsConsole(in FileStatus status)
        => status.RawMajor == ConsoleMajor ? status.RawMinor < FirstSerialMinor : status.RawMajor == TtyMajor && status.RawMinor == ConsoleMinor;

    private static bool Is(int major) => major is ConsoleMajor or TtyMajor or (>= FirstPtyMajor and <= LastPtyMajor);

    /// <summary>The path of a terminal by its number, or null where none is known: pseudo-terminals and consoles.</summary>
    public static string? PathOf(ulong device)
    {
        var (major, minor) = (FileStatus.MajorOf(device), FileStatus.MinorOf(device));
        return major switch
        {
            >= FirstPtyMajor and <= LastPtyMajor => $"/dev/pts/{(major - FirstPtyMajor) * 256 + minor}",
            ConsoleMajor when minor < FirstSerialMinor => $"/dev/tty{minor}",
            ConsoleMajor => $"/dev/ttyS{minor - FirstSerialMinor}",
            _ => null,
        };
    }
}
