using System.Buffers.Binary;
using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>What statx(2) says of an inode.</summary>
/// <param name="Device">The file system's device number, as the kernel encodes it (new_encode_dev in include/linux/kdev_t.h).</param>
/// <param name="LinkCount">Names that lead to the inode; 0 for a deleted file.</param>
/// <param name="Mode">File type and permissions (inode(7)).</param>
/// <param name="RawDevice">The device that a device file stands for.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Blocks">Space taken, in units of 512 bytes.</param>
/// <param name="ModifiedNs">Last modification, nanoseconds since 1970.</param>
/// <param name="IsAppendOnly">It can be opened for writing only at its end (chattr(1) +a), which is no matter of rights.</param>
public readonly record struct FileStatus(
    ulong Device, ulong Inode, ulong LinkCount, uint Mode, uint Uid, uint Gid, ulong RawDevice,
    long Size, long Blocks, long AccessedNs, long ModifiedNs, bool IsAppendOnly = false)
{
    // struct statx and its flags (include/uapi/linux/stat.h).
    private const int StructSize = 256;
    private const uint BasicStats = 0x7ff;
    private const ulong AttributeAppend = 0x20;
    private const int PathRoom = 256;
    // As with stat(2), looking mounts nothing.
    private const int AtSymlinkNoFollow = 0x100, AtNoAutomount = 0x800, AtEmptyPath = 0x1000;

    public const uint TypeMask = 0xf000, Socket = 0xc000, SymbolicLink = 0xa000, Regular = 0x8000, Block = 0x6000,
        Directory = 0x4000, Character = 0x2000, Fifo = 0x1000;

    public uint FileType => Mode & TypeMask;
    public bool IsRegular => FileType == Regular;
    public bool IsDirectory => FileType == Directory;
    public bool IsCharacterDevice => FileType == Character;
    public bool IsFifo => FileType == Fifo;
    public bool IsSocket => FileType == Socket;
    public bool IsSymbolicLink => FileType == SymbolicLink;

    public int DeviceMajor => MajorOf(Device);
    public int RawMajor => MajorOf(RawDevice);
    public int RawMinor => MinorOf(RawDevice);

    /// <summary>Bytes that really are stored: the size without its holes.</summary>
    public long StoredBytes => Math.Min(Size, Blocks * 512);

    public static int MajorOf(ulong device) => (int)(device >> 8 & 0xfff);

    public static int MinorOf(ulong device) => (int)(device & 0xff | device >> 12 & 0xfff00);

    /// <summary>Follows symbolic links, also the magic ones below /proc.</summary>
    /// <returns>None, or why nothing could be read.</returns>
    public static Errno Read(string path, out FileStatus status, bool follow = true)
    {
        Span<byte> room = stackalloc byte[PathRoom];
        return Read(FileNative.AT_FDCWD, PathBytes(path, room), follow ? 0 : AtSymlinkNoFollow, out status);
    }

    /// <summary>The object behind a task's descriptor; never opens it.</summary>
    public static Errno ReadDescriptor(int pid, int fd, out FileStatus status)
        => Read(FileNative.AT_FDCWD, new ProcPath(stackalloc byte[ProcPath.Size], pid, "fd"u8, fd).Terminated, 0, out status);

    /// <summary>The same of a name in a directory; symbolic links are followed.</summary>
    internal static Errno ReadAt(int directory, ReadOnlySpan<byte> terminatedPath, out FileStatus status) => Read(directory, terminatedPath, 0, out status);

    /// <summary>The same of a name as text.</summary>
    internal static Errno ReadAt(int directory, ReadOnlySpan<char> name, out FileStatus status)
    {
        Span<byte> room = stackalloc byte[PathRoom];
        return Read(directory, PathBytes(name, room), 0, out status);
    }

    /// <summary>The object behind a descriptor of this process.</summary>
    public static Errno ReadOwn(int fd, out FileStatus status) => Read(fd, [0], AtEmptyPath, out status);

    /// <summary>Whether this process has rights on a file, by its effective ids and its capabilities (faccessat2(2), Linux 5.8).</summary>
    /// <returns>None, or why not: EPERM where the file was made immutable.</returns>
    public static unsafe Errno May(string path, FileRights rights)
    {
        const int atEffectiveIds = 0x200;
        Span<byte> room = stackalloc byte[PathRoom];
        fixed (byte* p = PathBytes(path, room))
            return Libc.ErrnoOf(Libc.Syscall(Sys.faccessat2, FileNative.AT_FDCWD, (long)p, (int)rights, atEffectiveIds));
    }

    private static unsafe Errno Read(int dirFd, ReadOnlySpan<byte> terminatedPath, int flags, out FileStatus status)
    {
        Span<byte> s = stackalloc byte[StructSize];
        long r;
        fixed (byte* path = terminatedPath)
        fixed (byte* p = s)
            r = Libc.Syscall(Sys.statx, dirFd, (long)path, flags | AtNoAutomount, BasicStats, (long)p);
        status = r < 0 ? default : new FileStatus(
            DeviceAt(s, 136), U64(s, 32), U32(s, 16), U16(s, 28), U32(s, 20), U32(s, 24), DeviceAt(s, 128),
            (long)U64(s, 40), (long)U64(s, 48), Time(s, 64), Time(s, 112), (U64(s, 8) & AttributeAppend) != 0);
        return Libc.ErrnoOf(r);
    }

    internal static byte[] PathBytes(string path)
    {
        var text = LinuxText.Encode(path);
        Array.Resize(ref text, text.Length + 1);
        return text;
    }

    /// <summary>The same without garbage, for paths that fit: into <paramref name="room"/>, as a rule.</summary>
    private static ReadOnlySpan<byte> PathBytes(ReadOnlySpan<char> path, Span<byte> room)
    {
        // A lone surrogate stands for a byte of its own (LinuxText).
        if (!System.Text.Ascii.IsValid(path) || path.Length >= room.Length)
            return PathBytes(path.ToString());
        System.Text.Ascii.FromUtf16(path, room, out var n);
        room[n] = 0;
        return room[..(n + 1)];
    }

    private static ulong U64(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt64LittleEndian(s[at..]);

    private static uint U32(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt32LittleEndian(s[at..]);

    private static ushort U16(ReadOnlySpan<byte> s, int at) => BinaryPrimitives.ReadUInt16LittleEndian(s[at..]);

    /// <summary>Major and minor number, put together as stat(2) does.</summary>
    private static ulong DeviceAt(ReadOnlySpan<byte> s, int at)
        => U32(s, at + 4) & 0xff | (ulong)U32(s, at) << 8 | (U32(s, at + 4) & ~0xfful) << 12;

    // struct statx_timestamp: seconds, nanoseconds.
    private static long Time(ReadOnlySpan<byte> s, int at) => unchecked((long)U64(s, at) * 1_000_000_000 + U32(s, at + 8));
}
