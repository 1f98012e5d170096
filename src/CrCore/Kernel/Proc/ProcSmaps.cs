namespace CrCore.Kernel;

/// <summary>A mapping with what only /proc/PID/smaps tells of it.</summary>
/// <param name="Mapping">Its line of /proc/PID/maps.</param>
/// <param name="Flags">Its VmFlags.</param>
/// <param name="ProtectionKey">pkey_mprotect(2); 0 is the key that every mapping has.</param>
public readonly record struct DetailedMapping(MemoryMapping Mapping, VmFlags Flags, int ProtectionKey)
{
    /// <summary>The size of its pages in KiB: 4, or that of its huge pages (hugetlbfs).</summary>
    public int PageKiB { get; init; } = 4;

    /// <summary>KiB of it that other address spaces have mapped, too.</summary>
    public long SharedKiB { get; init; }
}

/// <summary>
/// /proc/PID/smaps (proc_pid_smaps(5)). The kernel walks all page tables for it: several times as dear as maps, and
/// the only place that tells advice, locks and reservations.
/// </summary>
public static class ProcSmaps
{
    /// <summary>Adds a process's mappings in ascending order; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, ICollection<DetailedMapping> mappings)
    {
        if (reader.Facts is null)
            return TryReadAnew(reader, dir, mappings);
        if (!reader.Facts.TryGetDetails(dir, out var known))
        {
            var read = new List<DetailedMapping>();
            if (!TryReadAnew(reader, dir, read))
                return false;
            reader.Facts.AddDetails(dir, known = [.. read]);
        }
        foreach (var mapping in known)
            mappings.Add(mapping);
        return true;
    }

    private static bool TryReadAnew(ProcReader reader, TaskDir dir, ICollection<DetailedMapping> mappings)
    {
        if (!reader.TryRead(dir, "smaps"u8, out var text))
            return false;
        return TryParse(text, mappings) ? true : throw KernelError.BadText($"{dir}/smaps", dir.Task);
    }

    /// <summary>Parses the text of a smaps file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<DetailedMapping> mappings)
    {
        var lines = new TextCursor(text);
        var line = new List<MemoryMapping>(1);
        DetailedMapping? current = null;
        while (lines.NextLine(out var l))
        {
            // "7f00…-7f01… r-xp …" starts a mapping; all others are "Key: value" with a capital.
            if (l.Length > 0 && l[0] is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f'))
            {
                if (current is { } done)
                    mappings.Add(done);
                line.Clear();
                if (!ProcMaps.TryParse(l, line) || line.Count != 1)
                    return false;
                var m = line[0];
                // The segments of one file follow each other: one string serves them all.
                if (current is { } last && last.Mapping.Path == m.Path)
                    m = m with { Path = last.Mapping.Path };
                current = new DetailedMapping(m, VmFlags.None, 0);
            }
            else if (current is not { } mapping)
                return false;
            else if (l.StartsWith("VmFlags:"u8))
                current = mapping with { Flags = ParseFlags(l["VmFlags:"u8.Length..]) };
            else if (l.StartsWith("Shared_Clean:"u8) || l.StartsWith("Shared_Dirty:"u8))
                current = mapping with { SharedKiB = mapping.SharedKiB + SizeIn(l["Shared_Clean:"u8.Length..]) };
            else if (l.StartsWith("KernelPageSize:"u8))
                current = mapping with { PageKiB = SizeIn(l["KernelPageSize:"u8.Length..]) };
            else if (l.StartsWith("ProtectionKey:"u8))
                current = mapping with { ProtectionKey = new TextCursor(l["ProtectionKey:"u8.Length..]).Int32() };
        }
        if (current is { } end)
            mappings.Add(end);
        return true;
    }

    private static int SizeIn(ReadOnlySpan<byte> text)
    {
        var c = new TextCursor(text);
        c.SkipBlanks();
        return c.Int32();
    }

    private static VmFlags ParseFlags(ReadOnlySpan<byte> names)
    {
        var c = new TextCursor(names);
        var flags = VmFlags.None;
        for (c.SkipBlanks(); !c.AtEnd; c.SkipBlanks())
            flags |= VmFlagNames.Parse(c.Word());
        return flags;
    }
}
