using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>Access rights of a mapping; the values are PROT_* of mmap(2).</summary>
[Flags]
public enum MemoryProtection
{
    None = 0,
    Read = 1,
    Write = 2,
    Execute = 4,
}

/// <summary>What /proc/PID/maps says that a mapping is of.</summary>
public enum MappingKind
{
    /// <summary>Private anonymous memory without a name.</summary>
    Anonymous,
    /// <summary>A file by its path, also one that has no link any more.</summary>
    File,
    /// <summary>Shared anonymous memory: /dev/zero (deleted), or [anon_shmem:NAME].</summary>
    SharedAnonymous,
    /// <summary>A memfd_create(2) file: /memfd:NAME (deleted).</summary>
    MemoryFile,
    /// <summary>A System V segment: /SYSVkey (deleted); the inode is the shmid.</summary>
    SystemVShared,
    /// <summary>[heap]: touches the brk area.</summary>
    Heap,
    /// <summary>[stack]: holds the main stack's start.</summary>
    Stack,
    Vdso,
    Vvar,
    VvarVclock,
    /// <summary>[vsyscall]: the same in every process, not a mapping of the address space.</summary>
    Vsyscall,
    /// <summary>Another special mapping or a mapping of a kernel object: [uprobes], anon_inode:…, /[aio] …</summary>
    Special,
}

/// <summary>One line of /proc/PID/maps.</summary>
/// <param name="Start">First address, page-aligned.</param>
/// <param name="End">First address after it.</param>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Path">
/// The file's path with \012 turned into a line feed and without " (deleted)"; the name given with
/// PR_SET_VMA_ANON_NAME for named anonymous memory; the bracketed name of a special mapping; empty for nothing. The
/// kernel escapes no backslash and a name may really end in " (deleted)", so that the path is a hint: device and
/// inode, or the link in /proc/PID/map_files, decide.
/// </param>
/// <param name="IsDeleted">The line ended in " (deleted)".</param>
public readonly record struct MemoryMapping(
    ulong Start, ulong End, MemoryProtection Protection, bool IsShared, ulong Offset,
    uint DeviceMajor, uint DeviceMinor, ulong Inode, MappingKind Kind, string Path, bool IsDeleted)
{
    /// <summary>Size in bytes.</summary>
    public ulong Length => End - Start;
}

/// <summary>
/// /proc/PID/maps (proc_pid_maps(5); show_map_vma in fs/proc/task_mmu.c). Each read(2) of the file is one look at the
/// address space: a list read while the process runs may be torn, one of a frozen process is not.
/// </summary>
public static class ProcMaps
{
    /// <summary>Adds a process's mappings in ascending order; false when it is gone. A zombie or kernel thread has none: by kernel that is an empty list or false (ESRCH).</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, ICollection<MemoryMapping> mappings)
    {
        if (reader.Facts is not { } facts)
            return TryReadAnew(reader, dir, mappings);
        if (!facts.TryGetMappings(dir, out var known))
        {
            var read = new List<MemoryMapping>();
            if (!TryReadAnew(reader, dir, read))
                return false;
            known = [.. read];
            facts.AddMappings(dir, known);
        }
        foreach (var mapping in known)
            mappings.Add(mapping);
        return true;
    }

    private static bool TryReadAnew(ProcReader reader, TaskDir dir, ICollection<MemoryMapping> mappings)
    {
        if (!reader.TryRead(dir, "maps"u8, out var text))
            return false;
        return TryParse(text, mappings) ? true : throw KernelError.BadText($"{dir}/maps", dir.Task);
    }

    /// <summary>Parses the text of a maps file; false where a line is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<MemoryMapping> mappings)
    {
        var lines = new TextCursor(text);
        // The segments of one file follow each other: one string serves them all.
        ReadOnlySpan<byte> lastName = default;
        var lastPath = "";
        while (lines.NextLine(out var line))
        {
            var c = new TextCursor(line);
            var start = c.Hex();
            c.Expect((byte)'-');
            var end = c.Hex();
            var rights = c.Word();
            var offset = c.Hex();
            var major = (uint)c.Hex();
            c.Expect((byte)':');
            var minor = (uint)c.Hex();
            var inode = c.Unsigned();
            if (c.Failed || rights.Length != 4 || end <= start)
                return false;
            c.SkipBlanks();
            var shared = rights[3] == 's';
            var kind = MapName.Classify(c.Rest, shared, out var name, out var deleted);
            if (!name.SequenceEqual(lastName))
            {
                lastName = name;
                lastPath = MapName.Decode(name);
            }
            var protection = (rights[0] == 'r' ? MemoryProtection.Read : 0)
                | (rights[1] == 'w' ? MemoryProtection.Write : 0)
                | (rights[2] == 'x' ? MemoryProtection.Execute : 0);
            mappings.Add(new MemoryMapping(start, end, protection, shared, offset, major, minor, inode, kind, lastPath, deleted));
        }
        return true;
    }
}
