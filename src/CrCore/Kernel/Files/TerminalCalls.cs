namespace CrCore.Kernel;

/// <summary>Requests of ioctl_tty(2), on descriptors of this process. Asked of a master, most of them tell of its slave.</summary>
internal static unsafe class TerminalCalls
{
    /// <summary>struct termios2: four words of modes, the line discipline, 19 characters, two speeds.</summary>
    public const int ModesSize = 44;

    /// <summary>struct termios: the same without the speeds.</summary>
    public const int LockedModesSize = 36;

    /// <summary>struct winsize.</summary>
    public const int WindowSize = 8;

    public const int GetPeer = 0x5441, SetControlling = 0x540e, SetForeground = 0x5410, GiveUpControlling = 0x5422, SetLock = 0x40045431,
        SetExclusive = 0x540c, GetIndex = unchecked((int)0x80045430);

    private const uint GetModes = 0x802c542a, SetModes = 0x402c542b, GetLockedModes = 0x5456, SetLockedModes = 0x5457,
        GetWindow = 0x5413, SetWindow = 0x5414, GetDevice = 0x80045432, GetLock = 0x80045439, GetPacket = 0x80045438, SetPacket = 0x5420,
        GetExclusive = 0x80045440, GetSession = 0x5429, GetForeground = 0x540f, GetDiscipline = 0x5424,
        GetDrawing = 0x4b3b, GetSwitching = 0x5601;

    public static Errno ReadModes(OwnDescriptor terminal, Span<byte> modes) => Fill(terminal, GetModes, modes, ModesSize);

    public static Errno WriteModes(OwnDescriptor terminal, ReadOnlySpan<byte> modes) => Give(terminal, SetModes, modes, ModesSize);

    public static Errno ReadLockedModes(OwnDescriptor terminal, Span<byte> modes) => Fill(terminal, GetLockedModes, modes, LockedModesSize);

    public static Errno WriteLockedModes(OwnDescriptor terminal, ReadOnlySpan<byte> modes) => Give(terminal, SetLockedModes, modes, LockedModesSize);

    public static Errno ReadWindow(OwnDescriptor terminal, Span<byte> window) => Fill(terminal, GetWindow, window, WindowSize);

    public static Errno WriteWindow(OwnDescriptor terminal, ReadOnlySpan<byte> window) => Give(terminal, SetWindow, window, WindowSize);

    /// <summary>The device number of the terminal: of a master's slave, and of the one that /dev/tty stands for. EIO when it was hung up.</summary>
    public static Errno ReadDevice(OwnDescriptor terminal, out uint device) => Word(terminal, GetDevice, out device);

    /// <summary>Whether slaves may not be opened yet (unlockpt(3)).</summary>
    public static Errno ReadLock(OwnDescriptor master, out uint locked) => Word(master, GetLock, out locked);

    public static Errno ReadPacketMode(OwnDescriptor master, out uint on) => Word(master, GetPacket, out on);

    public static Errno WritePacketMode(OwnDescriptor master)
    {
        var on = 1;
        return Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, master.Number, SetPacket, (long)&on));
    }

    /// <summary>Of the side that the descriptor is on.</summary>
    public static Errno ReadExclusive(OwnDescriptor side, out uint on) => Word(side, GetExclusive, out on);

    /// <summary>The session that the terminal controls, as this process sees it; ENOTTY for none.</summary>
    public static Errno ReadSession(OwnDescriptor master, out uint session) => Word(master, GetSession, out session);

    public static Errno ReadForeground(OwnDescriptor master, out uint group) => Word(master, GetForeground, out group);

    public static Errno ReadDiscipline(OwnDescriptor terminal, out uint number) => Word(terminal, GetDiscipline, out number);

    /// <summary>KDGETMODE (ioctl_console(2)): 0 for text, also where the terminal is no virtual console.</summary>
    public static long ReadDrawing(OwnDescriptor console)
    {
        // The kernel writes an int (vt_k_ioctl in drivers/tty/vt/vt_ioctl.c).
        long mode = 0;
        return Libc.Syscall(Sys.ioctl, console.Number, GetDrawing, (long)&mode) < 0 ? 0 : mode;
    }

    /// <summary>VT_GETMODE: who switches, 0 for the kernel; struct vt_mode has it in its first of 8 bytes.</summary>
    public static byte ReadSwitching(OwnDescriptor console)
    {
        ulong mode = 0;
        return Libc.Syscall(Sys.ioctl, console.Number, GetSwitching, (long)&mode) < 0 ? (byte)0 : (byte)mode;
    }

    /// <summary>A new description of a master's slave; null and the errno when it fails.</summary>
    public static OwnDescriptor? OpenPeer(OwnDescriptor master, uint flags, out Errno errno)
    {
        var r = Libc.Syscall(Sys.ioctl, master.Number, GetPeer, flags);
        errno = Libc.ErrnoOf(r);
        return r < 0 ? null : OwnDescriptor.Adopt(r);
    }

    private static Errno Word(OwnDescriptor terminal, uint request, out uint value)
    {
        uint v = 0;
        var r = Libc.Syscall(Sys.ioctl, terminal.Number, request, (long)&v);
        value = v;
        return Libc.ErrnoOf(r);
    }

    private static Errno Fill(OwnDescriptor terminal, uint request, Span<byte> into, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(into.Length, size);
        fixed (byte* p = into)
            return Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, terminal.Number, request, (long)p));
    }

    private static Errno Give(OwnDescriptor terminal, uint request, ReadOnlySpan<byte> from, int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(from.Length, size);
        fixed (byte* p = from)
            return Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, terminal.Number, request, (long)p));
    }
}
