namespace CrCore.Kernel;

/// <summary>
/// A hierarchy of cgroups(7), mounted for this process alone: nowhere in the file tree, gone with its descriptor (fsmount(2)).
/// So it is reached wherever, and whether at all, this mount namespace has it.
/// </summary>
public sealed unsafe class CgroupMount : IDisposable
{
    private const int FsOpenCloexec = 1, FsMountCloexec = 1, SetFlag = 0, SetString = 1, Create = 6;

    private readonly OwnDescriptor? _root;

    private CgroupMount(OwnDescriptor? root, string path) => (_root, Path) = (root, path);

    /// <summary>Where it is reached, for calls of this process.</summary>
    public string Path { get; }

    /// <summary>One that is mounted below a directory, under its controllers or its name ("unified" for v2).</summary>
    public static CgroupMount? OpenIn(string yard, string hierarchy, out Errno errno)
    {
        var named = hierarchy.StartsWith("name=", StringComparison.Ordinal);
        var path = $"{yard}/{(hierarchy.Length == 0 ? "unified" : named ? hierarchy["name=".Length..] : hierarchy)}";
        errno = FileStatus.Read(path, out _);
        return errno == Errno.None ? new CgroupMount(null, path) : null;
    }

    /// <param name="hierarchy">As the second field of /proc/PID/cgroup says: controllers, name=NAME, or empty for v2.</param>
    /// <returns>Null and the errno when the kernel does not mount it (EPERM without CAP_SYS_ADMIN).</returns>
    public static CgroupMount? Open(string hierarchy, out Errno errno)
    {
        using var context = Descriptor(Text(hierarchy.Length == 0 ? "cgroup2" : "cgroup"), out errno);
        if (context is null)
            return null;
        foreach (var word in hierarchy.Length == 0 ? [] : hierarchy.Split(','))
        {
            var named = word.StartsWith("name=", StringComparison.Ordinal);
            errno = named ? Configure(context, SetFlag, "none", null) : Errno.None;
            if (errno == Errno.None)
                errno = named ? Configure(context, SetString, "name", word["name=".Length..]) : Configure(context, SetFlag, word, null);
            if (errno != Errno.None)
                return null;
        }
        errno = Configure(context, Create, null, null);
        if (errno != Errno.None)
            return null;
        var r = Libc.Syscall(Sys.fsmount, context.Number, FsMountCloexec, 0);
        errno = Libc.ErrnoOf(r);
        return r < 0 ? null : Adopted(OwnDescriptor.Adopt(r));
    }

    private static CgroupMount Adopted(OwnDescriptor root) => new(root, $"/proc/self/fd/{root.Number}");

    private static OwnDescriptor? Descriptor(byte[] type, out Errno errno)
    {
        fixed (byte* p = type)
        {
            var r = Libc.Syscall(Sys.fsopen, (long)p, FsOpenCloexec);
            errno = Libc.ErrnoOf(r);
            return r < 0 ? null : OwnDescriptor.Adopt(r);
        }
    }

    private static Errno Configure(OwnDescriptor context, int command, string? key, string? value)
    {
        fixed (byte* k = key is null ? null : Text(key))
        fixed (byte* v = value is null ? null : Text(value))
            return Libc.ErrnoOf(Libc.Syscall(Sys.fsconfig, context.Number, command, (long)k, (long)v, 0));
    }

    private static byte[] Text(string text) => FileStatus.PathBytes(text);

    public void Dispose() => _root?.Dispose();
}
