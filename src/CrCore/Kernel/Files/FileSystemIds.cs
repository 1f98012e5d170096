namespace CrCore.Kernel;

/// <summary>
/// The ids by which this thread makes files (setfsuid(2), setfsgid(2)): a file system of a user namespace takes none of an owner whom that
/// one does not know (EOVERFLOW, may_create in fs/namei.c). With another user than root the thread loses its rights over others' files, until
/// this is disposed of on the same thread.
/// </summary>
internal readonly struct FileSystemIds : IDisposable
{
    private readonly long _user, _group;

    private FileSystemIds(long user, long group) => (_user, _group) = (user, group);

    /// <summary>Raw calls are this thread's own, unlike those of glibc.</summary>
    public static FileSystemIds Become(uint user, uint group)
    {
        var before = Libc.Syscall(Sys.setfsgid, group);
        return new(Libc.Syscall(Sys.setfsuid, user), before);
    }

    public void Dispose()
    {
        Libc.Syscall(Sys.setfsuid, _user);
        Libc.Syscall(Sys.setfsgid, _group);
    }
}
