using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CrHarness.Kernel;

/// <summary>What statx(2) tells of a file, symbolic links followed.</summary>
/// <param name="Mode">Type and permissions as st_mode.</param>
/// <param name="Key">Device and inode: the file's identity on this machine.</param>
internal sealed record FileIdentity(int Mode, uint Links, long Size, uint Uid, uint Gid, string Key)
{
    public bool IsRegular => (Mode & 0xf000) == 0x8000;

    public bool IsPipe => (Mode & 0xf000) == 0x1000;

    [DllImport("libc", SetLastError = true)]
    private static extern int statx(int directory, [MarshalAs(UnmanagedType.LPStr)] string path, int flags, uint mask, byte[] buffer);

    /// <summary>Null when the file cannot be reached.</summary>
    public static FileIdentity? Of(string path)
    {
        // Offsets of struct statx, include/uapi/linux/stat.h.
        var b = new byte[256];
        if (statx(-100, path, 0, 0x7ff, b) != 0)
            return null;
        var dev = $"{BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(136)):x2}:{BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(140)):x2}";
        return new FileIdentity(BinaryPrimitives.ReadUInt16LittleEndian(b.AsSpan(28)), BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(b.AsSpan(40)), BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(20)),
            BinaryPrimitives.ReadUInt32LittleEndian(b.AsSpan(24)), $"{dev} {BinaryPrimitives.ReadUInt64LittleEndian(b.AsSpan(32))}");
    }
}
