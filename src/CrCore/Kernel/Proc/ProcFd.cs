using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>The common lines of /proc/PID/fdinfo/FD (proc_pid_fdinfo(5); seq_show in fs/proc/fd.c).</summary>
/// <param name="Position">File offset in bytes.</param>
/// <param name="Flags">Open flags as open(2) takes them, with O_CLOEXEC (02000000) when the descriptor has FD_CLOEXEC.</param>
/// <param name="MountId">Id of the mount, as in mountinfo.</param>
/// <param name="Inode">Inode number; 0 on kernels before 5.14, which do not print it.</param>
public readonly record struct FdInfo(long Position, uint Flags, int MountId, ulong Inode)
{
    private const uint CloseOnExecFlag = 0x80000;

    public bool CloseOnExec => (Flags & CloseOnExecFlag) != 0;

    /// <summary>Parses an fdinfo text; <paramref name="rest"/> is what follows the common lines (locks, the kind's own).</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out FdInfo info, out ReadOnlySpan<byte> rest)
    {
        info = default;
        rest = default;
        var lines = new TextCursor(text);
        long position = 0;
        uint flags = 0;
        var mountId = 0;
        ulong inode = 0;
        var seen = 0;
        while (true)
        {
            rest = lines.Rest;
            if (!lines.NextLine(out var line))
                break;
            var colon = line.IndexOf((byte)':');
            if (colon < 0)
                return false;
            var key = line[..colon];
            var value = new TextCursor(line[(colon + 1)..]);
            if (key.SequenceEqual("pos"u8))
                position = value.Decimal();
            else if (key.SequenceEqual("flags"u8))
                flags = (uint)value.Octal();
            else if (key.SequenceEqual("mnt_id"u8))
                mountId = value.Int32();
            else if (key.SequenceEqual("ino"u8))
                inode = value.Unsigned();
            else
                break;
            if (value.Failed)
                return false;
            seen++;
        }
        info = new FdInfo(position, flags, mountId, inode);
        return seen >= 3;
    }
}

/// <summary>The descriptors of a task (proc_pid_fd(5)).</summary>
public static class ProcFd
{
    /// <summary>Adds the open descriptors in ascending order; false when the task is gone.</summary>
    public static bool TryList(ProcReader reader, TaskDir dir, ICollection<int> descriptors)
        => reader.TryListNumbers(dir, "fd"u8, descriptors);

    /// <summary>What the link of a descriptor says: a path, <c>pipe:[1234]</c>, <c>anon_inode:[eventfd]</c> …; false when it is gone.</summary>
    public static bool TryReadTarget(ProcReader reader, TaskDir dir, int fd, out string target)
    {
        var found = reader.TryReadLink(dir, "fd"u8, out var bytes, fd);
        target = found ? LinuxText.Decode(bytes) : "";
        return found;
    }

    /// <summary>
    /// Reads a descriptor's fdinfo; false when the task or the descriptor is gone. <paramref name="rest"/> holds the
    /// lines after the common ones and is valid until the reader's next call.
    /// </summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryReadInfo(ProcReader reader, TaskDir dir, int fd, out FdInfo info, out ReadOnlySpan<byte> rest)
    {
        info = default;
        rest = default;
        if (!reader.TryRead(dir, "fdinfo"u8, out var text, fd))
            return false;
        return FdInfo.TryParse(text, out info, out rest) ? true : throw KernelError.BadText($"{dir}/fdinfo/{fd}", dir.Task);
    }
}
