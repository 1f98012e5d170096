using CrCore.Image;
using CrCore.Objects.Files;
using CrCore.Restore;

namespace CrCore.Objects.Locks;

/// <summary>Which task takes which lock, and through which of its descriptors. Kept in the states of a restore.</summary>
internal sealed class LockPlan
{
    private readonly Dictionary<TaskImage, List<FileLockRecord>> _byTask = [];

    /// <exception cref="CrImageException">A lock is held through a descriptor that is not there.</exception>
    public LockPlan(ImageModel image, SavedFiles files)
    {
        foreach (var task in image.Tasks)
            foreach (var held in task.All<FileLockRecord>())
                Add(image, files, task, held);
    }

    public static LockPlan Of(RestoreContext context) => context.States.Get(() => new LockPlan(context.Image, DescriptorServer.Of(context).Files));

    public IReadOnlyList<FileLockRecord> Of(TaskImage task) => _byTask.TryGetValue(task, out var list) ? list : [];

    private void Add(ImageModel image, SavedFiles files, TaskImage task, FileLockRecord held)
    {
        var entry = Find(files.TableOf(task), e => e.Fd == held.Fd)
            ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {task}: a lock is held through descriptor {held.Fd}, which is not there.", task.Offset, "The image is damaged or was not written by this format; take another copy.");
        // The kernel shows who took a lock. One that belongs to a description can be taken by any task that has it.
        if (held.Kind != FileLockKind.Posix && held.HolderVPid != task.VPid && image.FindTask(held.HolderVPid) is { } holder
            && Find(files.TableOf(holder), e => e.Description == entry.Description) is { } theirs)
            (task, held) = (holder, held with { Fd = theirs.Fd });
        if (!_byTask.TryGetValue(task, out var list))
            _byTask.Add(task, list = []);
        list.Add(held);
    }

    private static FdEntRecord? Find(SavedTable? table, Func<FdEntRecord, bool> wanted)
    {
        foreach (var entry in table?.Entries ?? [])
            if (wanted(entry))
                return entry;
        return null;
    }
}
