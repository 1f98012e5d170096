using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// What a task shares with its parent for good: a descriptor table or a file-system context can only be shared at birth
/// (clone(2)); later there is no call for it.
/// </summary>
internal static class TaskSharing
{
    /// <summary>CLONE_FILES and CLONE_FS, as far as the image says that the task shares them with its parent.</summary>
    public static CloneFlags FlagsOf(TaskImage task)
        => (SharesTable(task) ? CloneFlags.Files : 0) | (SharesFs(task) ? CloneFlags.Fs : 0);

    /// <summary>Whether two tasks share all of <paramref name="what"/> with each other.</summary>
    public static bool AreShared(TaskImage one, TaskImage other, CloneFlags what)
        => ((what & CloneFlags.Files) == 0 || SharesTable(one, other)) && ((what & CloneFlags.Fs) == 0 || SharesFs(one, other));

    public static bool SharesTable(TaskImage task) => task.Parent is { } parent && SharesTable(task, parent);

    public static bool SharesFs(TaskImage task) => task.Parent is { } parent && SharesFs(task, parent);

    private static bool SharesTable(TaskImage one, TaskImage other)
        => one.Get<FilesRecord>() is { } files && other.Get<FilesRecord>() is { } others && files.Table == others.Table;

    private static bool SharesFs(TaskImage one, TaskImage other)
        => one.Get<FsRecord>() is { } fs && other.Get<FsRecord>() is { } others && fs.Shared == others.Shared;
}
