namespace CrCore.Kernel;

/// <summary>Writes a file through a mapping: one of hugetlbfs can be written in no other way (fs/hugetlbfs/inode.c has no write).</summary>
public static unsafe class MappedWriting
{
    private const int ProtReadWrite = 3, MapShared = 1;

    /// <param name="file">Open for reading and writing, and long enough.</param>
    /// <param name="offset">In bytes.</param>
    /// <param name="pageBytes">The size of its pages.</param>
    /// <returns>None, or ENOMEM where no huge page is free.</returns>
    public static Errno Write(OwnDescriptor file, long offset, ReadOnlySpan<byte> bytes, ulong pageBytes)
    {
        var start = offset & -(long)pageBytes;
        var length = (offset + bytes.Length + (long)pageBytes - 1 & -(long)pageBytes) - start;
        var at = Libc.Syscall(Sys.mmap, 0, length, ProtReadWrite, MapShared, file.Number, start);
        if (Libc.ErrnoOf(at) is var errno && errno != Errno.None)
            return errno;
        bytes.CopyTo(new Span<byte>((void*)(at + (offset - start)), bytes.Length));
        return Libc.ErrnoOf(Libc.Syscall(Sys.munmap, at, length));
    }
}
