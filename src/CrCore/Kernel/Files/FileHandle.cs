using System.Buffers.Binary;

namespace CrCore.Kernel;

/// <summary>
/// What a file system calls one of its files, whatever names it has (name_to_handle_at(2)). It stays the same as long as
/// the file lives, also when the file system is mounted anew.
/// </summary>
/// <param name="Type">The file system's own; with <paramref name="Bytes"/> it means something only there.</param>
public readonly record struct FileHandle(int Type, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>MAX_HANDLE_SZ of include/linux/exportfs.h.</summary>
    public const int MaxBytes = 128;

    private const int HeaderSize = 8, AtSymlinkFollow = 0x400;

    public bool IsKnown => !Bytes.IsEmpty;

    /// <summary>The handle of what a path leads to; not known where the file system has none (EOPNOTSUPP) or the path leads nowhere.</summary>
    public static unsafe FileHandle Of(string path)
    {
        Span<byte> handle = stackalloc byte[HeaderSize + MaxBytes];
        handle.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(handle, MaxBytes);
        int mount;
        long r;
        fixed (byte* p = FileStatus.PathBytes(path))
        fixed (byte* h = handle)
            r = Libc.Syscall(Sys.name_to_handle_at, FileNative.AT_FDCWD, (long)p, (long)h, (long)&mount, AtSymlinkFollow);
        var length = BinaryPrimitives.ReadInt32LittleEndian(handle);
        return r < 0 || length is <= 0 or > MaxBytes ? default : new(BinaryPrimitives.ReadInt32LittleEndian(handle[4..]), handle.Slice(HeaderSize, length).ToArray());
    }

    /// <summary>struct file_handle, for the call.</summary>
    public byte[] Encode()
    {
        var handle = new byte[HeaderSize + Bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(handle, Bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(handle.AsSpan(4), Type);
        Bytes.Span.CopyTo(handle.AsSpan(HeaderSize));
        return handle;
    }

    /// <summary>open_by_handle_at(2); needs CAP_DAC_READ_SEARCH.</summary>
    /// <param name="onFileSystem">A path on the same file system.</param>
    /// <param name="flags">Open flags; with O_PATH nothing is opened.</param>
    /// <param name="errno">ESTALE: there is no such file any more.</param>
    public unsafe OwnDescriptor? Open(string onFileSystem, int flags, out Errno errno)
    {
        using var mount = OwnDescriptor.Open(onFileSystem, FileNative.O_RDONLY | FileNative.O_DIRECTORY, out errno);
        if (mount is null)
            return null;
        long r;
        fixed (byte* h = Encode())
            r = Libc.Syscall(Sys.open_by_handle_at, mount.Number, (long)h, flags | FileNative.O_CLOEXEC);
        errno = Libc.ErrnoOf(r);
        return r < 0 ? null : OwnDescriptor.Adopt(r);
    }

    public bool Equals(FileHandle other) => Type == other.Type && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override int GetHashCode() => HashCode.Combine(Type, Bytes.Length);
}
