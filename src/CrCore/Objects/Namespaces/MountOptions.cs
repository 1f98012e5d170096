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

    /// <summary>The options of a file system without "rw" and "ro", which are flags.</summary>
    public static string Data(string superOptions)
    {
        var data = new List<string>();
        foreach (var word in superOptions.Split(','))
            if (word is not ("rw" or "ro" or ""))
                data.Add(word);
        return string.Join(',', data);
    }
}
