using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>Options of mounts between mountinfo's words and mount(2)'s flags (show_mnt_opts in fs/proc_namespace.c).</summary>
internal static class MountOptions
{
    private static readonly (string Word, ulong Flag)[] _flags =
    [
        ("ro", 1), ("nosuid", 2), ("nodev", 4), ("noexec", 8), ("nosymfollow", 0x100),
        ("noatime", 0x400), ("nodiratime", 0x800), ("relatime", 0x200000),
    ];

    /// <summary>MS_* bits of a mount's options ("ro,nosuid,relatime").</summary>
    public static ulong Flags(string options)
    {
        var flags = 0ul;
        foreach (var word in options.Split(','))
            foreach (var (known, flag) in _flags)
                if (word == known)
                    flags |= flag;
        return flags;
    }

    /// <summary>A number among mountinfo's optional fields ("shared:1 master:2"), or 0.</summary>
    public static uint Group(string fields, string name)
    {
        foreach (var field in fields.Split(' '))
            if (field.StartsWith(name, StringComparison.Ordinal) && uint.TryParse(field.AsSpan(name.Length), out var group))
                return group;
        return 0;
    }

    /// <summary>Whether mountinfo's optional fields say that the mount cannot be mounted elsewhere.</summary>
    public static bool IsUnbindable(string fields) => fields.Split(' ').Contains("unbindable");

    /// <summary>Whether the options of a file system say that it can only be read.</summary>
    public static bool IsReadOnly(string superOptions) => superOptions.Split(',').Contains("ro");

    /// <summary>
    /// The options of a file system without "rw" and "ro", which are flags, and with ids as they are within a user namespace: mountinfo
    /// shows those of the reader, and mount(2) takes those of the caller.
    /// </summary>
    /// <param name="superOptions">As mountinfo has them.</param>
    /// <param name="ids">The maps of a user namespace of the tree's own; null where it has none. An id that it does not know is left out.</param>
    public static string Data(string superOptions, IdMapsRecord? ids = null)
    {
        var data = new List<string>();
        foreach (var word in superOptions.Split(','))
            // What a security module adds is no option of the file system.
            if (word is not ("rw" or "ro" or "seclabel" or "") && Within(word, ids) is { } known)
                data.Add(known);
        return string.Join(',', data);
    }

    private static string? Within(string word, IdMapsRecord? ids)
        => ids is null ? word
            : word.StartsWith("uid=", StringComparison.Ordinal) ? Within("uid=", word, ids.Users)
            : word.StartsWith("gid=", StringComparison.Ordinal) ? Within("gid=", word, ids.Groups)
            : word;

    private static string? Within(string name, string word, IReadOnlyList<IdMapRange> map)
    {
        if (!uint.TryParse(word.AsSpan(name.Length), out var id))
            return word;
        foreach (var range in map)
            if (id >= range.Outside && id - range.Outside < range.Length)
                return $"{name}{range.Inside + (id - range.Outside)}";
        return null;
    }
}
