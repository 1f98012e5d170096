using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>The last column of /proc/PID/maps (get_vma_name in fs/proc/task_mmu.c).</summary>
internal static class MapName
{
    /// <summary>Says what the column names, and takes off what is not part of the name.</summary>
    public static MappingKind Classify(ReadOnlySpan<byte> column, bool shared, out ReadOnlySpan<byte> name, out bool deleted)
    {
        name = column;
        deleted = false;
        if (column.IsEmpty)
            return MappingKind.Anonymous;
        if (column[0] == '[')
            return Bracketed(column, ref name);
        if (column[0] != '/')
            return MappingKind.Special;
        deleted = column.EndsWith(" (deleted)"u8);
        if (deleted)
            name = column[..^" (deleted)"u8.Length];
        return deleted ? Deleted(shared, ref name) : MappingKind.File;
    }

    /// <summary>Only a line feed is escaped, as \012 (seq_path with "\n").</summary>
    public static string Decode(ReadOnlySpan<byte> name)
    {
        if (name.IndexOf("\\012"u8) < 0)
            return LinuxText.Decode(name);
        var plain = new byte[name.Length];
        var length = 0;
        while (!name.IsEmpty)
        {
            if (name.StartsWith("\\012"u8))
            {
                plain[length++] = (byte)'\n';
                name = name[4..];
            }
            else
            {
                plain[length++] = name[0];
                name = name[1..];
            }
        }
        return LinuxText.Decode(plain.AsSpan(0, length));
    }

    private static MappingKind Bracketed(ReadOnlySpan<byte> column, ref ReadOnlySpan<byte> name)
    {
        if (column.SequenceEqual("[heap]"u8))
            return MappingKind.Heap;
        if (column.SequenceEqual("[stack]"u8))
            return MappingKind.Stack;
        if (column.SequenceEqual("[vdso]"u8))
            return MappingKind.Vdso;
        if (column.SequenceEqual("[vvar]"u8))
            return MappingKind.Vvar;
        if (column.SequenceEqual("[vvar_vclock]"u8))
            return MappingKind.VvarVclock;
        if (column.SequenceEqual("[vsyscall]"u8))
            return MappingKind.Vsyscall;
        if (column.StartsWith("[anon:"u8) && column[^1] == ']')
        {
            name = column["[anon:"u8.Length..^1];
            return MappingKind.Anonymous;
        }
        if (column.StartsWith("[anon_shmem:"u8) && column[^1] == ']')
        {
            name = column["[anon_shmem:"u8.Length..^1];
            return MappingKind.SharedAnonymous;
        }
        return MappingKind.Special;
    }

    // These files live in mounts of the kernel's own, where the path is the bare name (mm/shmem.c, mm/memfd.c, ipc/shm.c).
    private static MappingKind Deleted(bool shared, ref ReadOnlySpan<byte> name)
    {
        if (shared && name.SequenceEqual("/dev/zero"u8))
        {
            name = default;
            return MappingKind.SharedAnonymous;
        }
        if (name.StartsWith("/memfd:"u8))
        {
            name = name["/memfd:"u8.Length..];
            return MappingKind.MemoryFile;
        }
        if (name.StartsWith("/SYSV"u8) && name.Length == "/SYSV00000000"u8.Length)
            return MappingKind.SystemVShared;
        return name.StartsWith("/[aio]"u8) ? MappingKind.Special : MappingKind.File;
    }
}
