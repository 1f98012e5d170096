using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>Which file system an object lives on (statfs(2), include/uapi/linux/magic.h).</summary>
public static class FileSystemType
{
    // struct statfs of x86-64: f_type 8, f_bsize 8, blocks …; 120 bytes.
    private const int StructSize = 120;

    /// <summary>HUGETLBFS_MAGIC.</summary>
    public const ulong HugePages = 0x958458f6;

    /// <summary>TMPFS_MAGIC.</summary>
    public const ulong Tmpfs = 0x01021994;

    /// <summary>SECRETMEM_MAGIC.</summary>
    public const ulong SecretMemory = 0x5345434d;

    /// <summary>The magic number of the file system behind a task's descriptor, or 0 when it cannot be told.</summary>
    public static ulong OfDescriptor(int pid, int fd)
        => Of(new ProcPath(stackalloc byte[ProcPath.Size], pid, "fd"u8, fd).Terminated);

    /// <summary>The magic number of the file system behind a descriptor of this program, or 0 when it cannot be told.</summary>
    public static unsafe ulong OfOwnDescriptor(int fd)
    {
        Span<byte> s = stackalloc byte[StructSize];
        fixed (byte* p = s)
            return Libc.Syscall(Sys.fstatfs, fd, (long)p) < 0 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(s);
    }

    /// <summary>The magic number of the file system a path leads to, or 0 when it cannot be told.</summary>
    public static ulong OfPath(string path) => Of(FileStatus.PathBytes(path));

    /// <summary>
    /// File systems whose files are made up when they are read: neither size nor time says whether one changed, and
    /// inode numbers are handed out afresh (proc, sysfs, debugfs, tracefs, cgroup and cgroup2, securityfs, bpf, binfmt_misc, configfs, selinuxfs, mqueue).
    /// </summary>
    public static bool IsSynthetic(ulong magic) => magic is
        0x9fa0 or 0x62656572 or 0x64626720 or 0x74726163 or 0x27e0eb or 0x63677270 or 0x73636673 or 0xcafe4a11
        or 0x42494e4d or 0x62656570 or 0xf97cff8c or 0x19800202;

    /// <summary>CGROUP_SUPER_MAGIC and CGROUP2_SUPER_MAGIC.</summary>
    public static bool IsControlGroups(ulong magic) => magic is 0x27e0eb or 0x63677270;

    /// <summary>The size of the pages of a file of hugetlbfs; 0 for one of any other file system.</summary>
    public static unsafe ulong HugePageBytesOf(OwnDescriptor file)
    {
        Span<byte> s = stackalloc byte[StructSize];
        fixed (byte* p = s)
            if (Libc.Syscall(Sys.fstatfs, file.Number, (long)p) < 0)
                return 0;
        // f_bsize is the size of a huge page (hugetlbfs_statfs in fs/hugetlbfs/inode.c).
        return BinaryPrimitives.ReadUInt64LittleEndian(s) == HugePages ? BinaryPrimitives.ReadUInt64LittleEndian(s[8..]) : 0;
    }

    private static unsafe ulong Of(ReadOnlySpan<byte> terminatedPath)
    {
        Span<byte> s = stackalloc byte[StructSize];
        long r;
        do
        {
            fixed (byte* path = terminatedPath)
            fixed (byte* p = s)
                r = Libc.Syscall(Sys.statfs, (long)path, (long)p);
        }
        while (r == -(int)Errno.EINTR);
        return r < 0 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(s);
    }
}
