using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Preflight of a restore for files that their names do not lead to.</summary>
internal static class AnchorsCheck
{
    public static void Check(CheckContext context)
    {
        foreach (var shared in context.Image.Objects.Values)
            if (shared is GhostRecord ghost)
                CheckGhost(context, ghost);
            else if (shared is RemapRecord remap)
                CheckRemap(context, remap);
    }

    /// <summary>It is made in its old directory, or where that would be: the file system decides what the file can do.</summary>
    private static void CheckGhost(CheckContext context, GhostRecord ghost)
    {
        if (ExistingDirectory(context, ghost.Name) is not { } directory)
            return;
        if (FileStatus.Read(directory, out var status) is var errno && (errno != Errno.None || !status.IsDirectory))
            context.Refuse(null, "CrGhostPlace", ghost.Name, $"the deleted file would be made again in {directory}, which is no directory that can be reached ({(errno == Errno.None ? "it is something else" : errno)})", "Make the directory again.");
        else if (FileStatus.May(directory, FileRights.Write) is var refused && refused != Errno.None)
            context.Refuse(null, "CrGhostPlace", ghost.Name, $"the deleted file would be made again in {directory}, where this program may not write: {refused} ({refused.Describe()})",
                "Restore as a user who may, or change the directory's permissions.", CrErrorKind.PermissionDenied);
        // Devices that everybody may use are no danger, but only the initial user namespace's root can make a node (may_mknod).
        if (ghost.FileType is FileStatus.Character or FileStatus.Block && (context.InUserNamespace || !Capabilities.Has(context.Proc, Capabilities.MakeNode)))
            context.Refuse(null, "CrGhostDevice", ghost.Name, "the deleted device file cannot be made again without CAP_MKNOD in the initial user namespace", "Restore as root.", CrErrorKind.PermissionDenied);
    }

    private static void CheckRemap(CheckContext context, RemapRecord remap)
    {
        var found = Find(context, remap, out var status);
        if (found != Errno.None)
        {
            context.Refuse(null, "CrFileMissing", remap.Name, found == Errno.EPERM
                    ? "this name was removed, and finding the file by its handle takes CAP_DAC_READ_SEARCH in the initial user namespace"
                    : $"this name was removed, and the file is not to be found by another one or by its handle any more: {found} ({found.Describe()})",
                found == Errno.EPERM ? "Restore as root." : "Give the file this name again, and checkpoint again; or restore on the machine that has it.", found == Errno.EPERM ? CrErrorKind.PermissionDenied : CrErrorKind.NotFound);
            return;
        }
        var identity = FileIdentity.Of(status);
        if (!status.IsRegular || remap.Identity.ChangeTo(identity) is var change && change == FileChange.None)
            return;
        var what = $"the file that was called {remap.Name} changed: {remap.Identity.Describe(change, identity)}";
        if (context.Options.AcceptChangedFiles)
            context.Warn(null, "CrFileChanged", remap.Name, what);
        else
            context.Refuse(null, "CrFileChanged", remap.Name, what, "Put the old contents back, or accept changed files (-AcceptChangedFile) if the program can live with it.");
    }

    private static Errno Find(CheckContext context, RemapRecord remap, out FileStatus status)
    {
        status = default;
        if (remap.Other.Length > 0 && context.OnThisMachine(remap.Other) is { } other && RemapMaker.LeadsTo(remap, other))
            return FileStatus.Read(other, out status, follow: false);
        if (!remap.Handle.IsKnown)
            return Errno.ENOENT;
        if (context.InUserNamespace || !Capabilities.Has(context.Proc, Capabilities.DacReadSearch))
            return Errno.EPERM;
        using var file = remap.Handle.Open(ExistingDirectory(context, remap.Name) ?? "/", FileNative.O_PATH, out var errno);
        return file is null ? errno : FileStatus.ReadOwn(file.Number, out status);
    }

    /// <summary>The directory of a name, or the nearest one above it that exists; null where the restore makes it.</summary>
    private static string? ExistingDirectory(CheckContext context, string name)
    {
        if (context.OnThisMachine(Path.GetDirectoryName(name) ?? "/") is not { } directory)
            return null;
        while (directory.Length > 1 && FileStatus.Read(directory, out _) == Errno.ENOENT)
            directory = Path.GetDirectoryName(directory) ?? "/";
        return directory;
    }
}
