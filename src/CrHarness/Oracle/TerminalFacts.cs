namespace CrHarness.Oracle;

/// <summary>Modes and window of a pseudo-terminal, and how much waits on each side of it.</summary>
internal static class TerminalFacts
{
    public const string Slaves = "/dev/pts/", Master = "/dev/ptmx";

    // ioctl_tty(2); struct termios of asm-generic/termbits.h has 36 bytes, struct winsize 8.
    private const ulong GetModes = 0x5401, GetWindow = 0x5413, Waiting = 0x541b, GetPacket = 0x80045438, GetExclusive = 0x80045440;
    private const int ModesSize = 36, WindowSize = 8;

    public static string Of(BorrowedDescriptor slave) => Describe(slave);

    /// <summary>Of a master: its packet mode, and what waits on this side.</summary>
    public static string OfMaster(BorrowedDescriptor master) => $"packet {master.Device(GetPacket, sizeof(int))} {Describe(master)}";

    public static string Exclusive(BorrowedDescriptor slave) => slave.Device(GetExclusive, sizeof(int));

    private static string Describe(BorrowedDescriptor side)
        => $"modes {side.Device(GetModes, ModesSize)} window {side.Device(GetWindow, WindowSize)} waiting {side.Device(Waiting, sizeof(int))}";
}
