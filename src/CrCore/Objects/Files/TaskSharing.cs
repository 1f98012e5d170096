using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// What a task shares with its parent for good: a descriptor table or a file-system context can only be shared at birth
/// (clone(2)); later there is no call for it.
/// </summary>
public static class TaskSharing
{
    /// <summary>CLONE_FILES and CLONE_FS, as far as the image says that the task shares them with its parent.</summary>
    public static CloneFlags FlagsOf(TaskImage task)
        => (SharesTable(task) ? CloneFlags.Files : 0) | (SharesFs(task) ? CloneFlags.Fs : 0);

    public static bool SharesTable(TaskImage task)
        => task.Get<FilesRecord>() is { } files && task.Parent?.Get<FilesRecord>() is { } parent && files.Table == parent.Table;

    public static bool SharesFs(TaskImage task)
        => task.Get<FsRecord>() is { } fs && task.Parent?.Get<FsRecord>() is { } parent && fs.Shared == parent.Shared;
}
