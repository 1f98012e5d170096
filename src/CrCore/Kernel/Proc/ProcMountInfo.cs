using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>One line of /proc/PID/mountinfo.</summary>
/// <param name="Root">The directory of the file system that is mounted, as a path from its top.</param>
/// <param name="MountPoint">Where it is mounted, relative to the task's root.</param>
/// <param name="Options">Options of the mount ("ro,nosuid,relatime").</param>
/// <param name="Propagation">Optional fields ("shared:1 master:2"), empty for a private mount.</param>
/// <param name="FileSystem">Type, with a subtype after a point ("fuse.sshfs").</param>
/// <param name="Source">The device or what stands for it.</param>
/// <param name="SuperOptions">Options of the super block.</param>
public sealed record MountEntry(
    int Id, int ParentId, uint DeviceMajor, uint DeviceMinor, string Root, string MountPoint,
    string Options, string Propagation, string FileSystem, string Source, string SuperOptions);

/// <summary>/proc/PID/mountinfo (proc_pid_mountinfo(5); show_mountinfo in fs/proc_namespace.c).</summary>
public static class ProcMountInfo
{
    /// <summary>Adds the mounts that a task sees; false when it is gone (or a zombie: EINVAL).</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, ICollection<MountEntry> mounts)
    {
        try
        {
            if (!reader.TryRead(dir, "mountinfo"u8, out var text))
                return false;
            return TryParse(text, mounts) ? true : throw KernelError.BadText($"{dir}/mountinfo", dir.Task);
        }
        catch (CrKernelException e) when (e.Errno == Errno.EINVAL)
        {
            // mounts_open_common: the task has no namespaces or no file-system context any more.
            return false;
        }
    }

    /// <summary>Parses the text of a mountinfo file; false where a line is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<MountEntry> mounts)
    {
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var separator = line.IndexOf(" - "u8);
            if (separator < 0)
                return false;
            var c = new TextCursor(line[..separator]);
            var id = c.Int32();
            var parent = c.Int32();
            var major = c.UInt32();
            c.Expect((byte)':');
            var minor = c.UInt32();
            var root = Unescape(c.Word());
            var mountPoint = Unescape(c.Word());
            var options = LinuxText.Decode(c.Word());
            c.SkipBlanks();
            var propagation = LinuxText.Decode(c.Rest);
            var tail = new TextCursor(line[(separator + 3)..]);
            var fileSystem = Unescape(tail.Word());
            var source = Unescape(tail.Word());
            // A source may be empty, and then the line has two blanks: the last word is the options in any case.
            var superOptions = LinuxText.Decode(tail.Word());
            if (superOptions.Length == 0)
                (source, superOptions) = ("", source);
            if (c.Failed || mountPoint.Length == 0)
                return false;
            mounts.Add(new MountEntry(id, parent, major, minor, root, mountPoint, options, propagation, fileSystem, source, superOptions));
        }
        return true;
    }

    // Blank, tab, line feed, backslash and # are written as a backslash and three octal digits (mangle in fs/proc_namespace.c).
    private static string Unescape(ReadOnlySpan<byte> word)
    {
        if (!word.Contains((byte)'\\'))
            return LinuxText.Decode(word);
        var plain = new byte[word.Length];
        var length = 0;
        while (!word.IsEmpty)
        {
            if (word.Length >= 4 && word[0] == '\\')
            {
                plain[length++] = (byte)(((word[1] - '0') << 6) | ((word[2] - '0') << 3) | (word[3] - '0'));
                word = word[4..];
            }
            else
            {
                plain[length++] = word[0];
                word = word[1..];
            }
        }
        return LinuxText.Decode(plain.AsSpan(0, length));
    }
}
