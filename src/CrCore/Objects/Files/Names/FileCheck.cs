using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Preflight of a restore for what is opened again by its name. Reads, and opens nothing.</summary>
internal static class FileCheck
{
    /// <summary>A regular file that must be there and, unless the user accepts it, unchanged.</summary>
    /// <param name="task">Who needs it.</param>
    /// <param name="label">The descriptor or mapping, as messages call it.</param>
    /// <param name="synthetic">Size and time say nothing (proc, sysfs, …).</param>
    /// <returns>What is there now; null where it is no regular file, or not to be there yet.</returns>
    public static FileStatus? Regular(CheckContext context, TaskImage task, string label, string path, in FileIdentity saved, bool synthetic = false)
    {
        if (IsOfTree(context, path) || !Find(context, task, label, path, follow: true, out var now))
            return null;
        if (!now.IsRegular)
        {
            context.Refuse(task, "CrFileType", label, $"{path} was a regular file when it was saved and is none now");
            return null;
        }
        var identity = FileIdentity.Of(now);
        var change = synthetic ? FileChange.None : saved.ChangeTo(identity);
        if (change == FileChange.None)
            return now;
        var what = saved.Describe(change, identity);
        if (context.Options.AcceptChangedFiles)
            context.Warn(task, "CrFileChanged", label, $"{path} changed: {what}");
        else
            context.Refuse(task, "CrFileChanged", label, $"{path} changed: {what}", "Put the old file back, or accept changed files (-AcceptChangedFile) if the program can live with it.");
        return now;
    }

    /// <param name="rights">Read where it is opened, Execute where it is entered.</param>
    public static void Directory(CheckContext context, TaskImage task, string label, string path, FileRights rights = FileRights.None)
    {
        if (IsOfTree(context, path) || !Find(context, task, label, path, follow: true, out var now))
            return;
        if (!now.IsDirectory)
            context.Refuse(task, "CrFileType", label, $"{path} was a directory when it was saved and is none now");
        else
            FileRightsCheck.Has(context, task, label, path, rights);
    }

    /// <summary>Anything whose type, and number if it is a device, must be as it was.</summary>
    public static void SameType(CheckContext context, TaskImage task, string label, string path, uint mode, ulong rawDevice)
    {
        var type = mode & FileStatus.TypeMask;
        if (IsOfTree(context, path) || !Find(context, task, label, path, follow: type != FileStatus.SymbolicLink, out var now))
            return;
        if (now.FileType != type)
            context.Refuse(task, "CrFileType", label, $"{path} is of another file type than when it was saved");
        else if (type is FileStatus.Character or FileStatus.Block && now.RawDevice != rawDevice)
            context.Refuse(task, "CrFileType", label, $"{path} is device {FileStatus.MajorOf(now.RawDevice)}:{FileStatus.MinorOf(now.RawDevice)} now, it was {FileStatus.MajorOf(rawDevice)}:{FileStatus.MinorOf(rawDevice)}");
    }

    private static bool Find(CheckContext context, TaskImage task, string label, string path, bool follow, out FileStatus now)
    {
        // Of the tree's own file systems nothing comes here.
        var errno = FileStatus.Read(context.OnThisMachine(path) ?? path, out now, follow);
        if (errno == Errno.None)
            return true;
        context.Refuse(task, "CrFileMissing", label,
            errno == Errno.ENOENT ? $"{path} does not exist any more" : $"{path} cannot be reached: {errno} ({errno.Describe()})",
            "Put the file back under this name.", errno == Errno.ENOENT ? CrErrorKind.NotFound : CrErrorKind.Obstacle);
        return false;
    }

    /// <summary>A file below /proc/PID of a task, in a control group or in a file system that is still to be made: it is there when it is needed.</summary>
    internal static bool IsOfTree(CheckContext context, string path)
    {
        const string proc = "/proc/";
        if (context.OnThisMachine(path) is null)
            return true;
        if (Namespaces.FurtherNames.Split(context.Namespaces.Further, path, out _) is not null)
            return false;
        if (context.Options.Cgroup == CgroupPolicy.Create && IsMissingGroup(path))
            return true;
        if (!path.StartsWith(proc, StringComparison.Ordinal))
            return false;
        var end = path.IndexOf('/', proc.Length);
        var number = path.AsSpan(proc.Length, (end < 0 ? path.Length : end) - proc.Length);
        return int.TryParse(number, System.Globalization.NumberStyles.None, null, out var pid)
            && (context.Image.FindTask(pid) is not null || LateNames.IsThread(context.Image, pid));
    }

    /// <summary>A name that is not there, in a file system of control groups.</summary>
    private static bool IsMissingGroup(string path)
    {
        if (FileStatus.Read(path, out _) != Errno.ENOENT)
            return false;
        for (var end = path.LastIndexOf('/'); end > 0; end = path.LastIndexOf('/', end - 1))
            if (FileStatus.Read(path[..end], out _) == Errno.None)
                return FileSystemType.IsControlGroups(FileSystemType.OfPath(path[..end]));
        return false;
    }
}
