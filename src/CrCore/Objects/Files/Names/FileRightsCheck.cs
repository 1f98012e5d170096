using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Preflight of a restore: a program may hold open what it could not open again, who restores may be somebody else, and a file
/// may have been made immutable since. Asks, and opens nothing.
/// </summary>
internal static class FileRightsCheck
{
    /// <summary>Of a file that is opened with a description's flags.</summary>
    /// <param name="status">What it is now.</param>
    /// <returns>false when they are lacking, which was told.</returns>
    public static bool Opening(CheckContext context, TaskImage task, string label, string path, uint flags, in FileStatus status)
    {
        var write = OpenFlags.CanWrite(flags);
        if (!Has(context, task, label, path, (OpenFlags.CanRead(flags) ? FileRights.Read : 0) | (write ? FileRights.Write : 0)))
            return false;
        // Both: may_open in fs/namei.c.
        if (write && (flags & OpenFlags.Append) == 0 && status.IsAppendOnly)
            return Refuse(context, task, label, $"{path} takes no more than what is added at its end (chattr +a), and was open for writing everywhere");
        if ((flags & OpenFlags.NoAccessTime) != 0 && !Owns(context, status.Uid))
            return Refuse(context, task, label, $"{path} was open without a trace of reading (O_NOATIME), which is up to its owner");
        return true;
    }

    /// <returns>false when they are lacking, which was told. A file that is not there is told of elsewhere.</returns>
    public static bool Has(CheckContext context, TaskImage task, string label, string path, FileRights rights)
    {
        if (rights == FileRights.None || FileCheck.IsOfTree(context, path) || FileStatus.May(context.OnThisMachine(path) ?? path, rights) is not ((Errno.EACCES or Errno.EROFS or Errno.EPERM) and var errno))
            return true;
        var what = rights switch
        {
            FileRights.Execute => "entered",
            FileRights.Read => "opened for reading",
            FileRights.Write => "opened for writing",
            FileRights.Read | FileRights.Write => "opened for reading and writing",
            _ => "run",
        };
        return Refuse(context, task, label, $"{path} cannot be {what} here: {errno} ({errno.Describe()})");
    }

    private static bool Owns(CheckContext context, uint owner)
        => owner == (uint)Libc.Syscall(Sys.geteuid) || Capabilities.Has(context.Proc, Capabilities.FileOwner);

    private static bool Refuse(CheckContext context, TaskImage task, string label, string reason)
    {
        context.Refuse(task, "CrFileRights", label, reason, "Restore as a user who may, or change the file's permissions or attributes (chmod(1), chattr(1)).", CrErrorKind.PermissionDenied);
        return false;
    }
}
