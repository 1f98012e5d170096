using CrCore.Image;

namespace CrCore.Inspection;

/// <summary>What a difference between two images is about.</summary>
public enum DifferenceKind
{
    /// <summary>A task that only one image has, or a property of one.</summary>
    Task,
    /// <summary>A mapping of memory.</summary>
    Mapping,
    /// <summary>A descriptor.</summary>
    File,
    /// <summary>Any other record of a task or thread: signals, timers, credentials and so on.</summary>
    State,
    /// <summary>The contents of pages.</summary>
    Page,
}

/// <summary>How the second image differs from the first.</summary>
public enum DifferenceChange
{
    /// <summary>Only the second has it.</summary>
    Added,
    /// <summary>Only the first has it.</summary>
    Removed,
    /// <summary>Both have it, and it is not the same.</summary>
    Changed,
}

/// <summary>One difference between two images.</summary>
/// <param name="VPid">The task; 0 for what belongs to no single one.</param>
/// <param name="Comm">The task's name, or empty.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Change">Which of the images has it.</param>
/// <param name="Item">What differs: a mapping, a descriptor, a record, a range of pages.</param>
/// <param name="Property">Which property of it, or empty for the whole.</param>
/// <param name="Reference">What the first image has; null where it has none.</param>
/// <param name="Difference">What the second has; null where it has none.</param>
public sealed record ImageDifference(
    int VPid, string Comm, DifferenceKind Kind, DifferenceChange Change, string Item, string Property, object? Reference, object? Difference);

/// <summary>Compares two images: their tasks by pid, and of each its mappings, descriptors, state and, if asked for, pages.</summary>
public sealed class ImageComparison(ImageFile reference, ImageFile difference)
{
    private readonly ImageDescriptors _referenceFiles = new(reference.Model);
    private readonly ImageDescriptors _differenceFiles = new(difference.Model);

    /// <summary>Task by task in the order of the first image, then the tasks that only the second has.</summary>
    /// <exception cref="CrImageException">The bytes of one of them break the format.</exception>
    public IEnumerable<ImageDifference> Compare(bool pages, CancellationToken cancel = default)
    {
        foreach (var old in reference.Model.Tasks)
        {
            cancel.ThrowIfCancellationRequested();
            if (difference.Model.FindTask(old.VPid) is not { } now)
            {
                yield return new(old.VPid, old.Comm, DifferenceKind.Task, DifferenceChange.Removed, old.ToString(), "", old.Comm, null);
                continue;
            }
            foreach (var d in CompareTask(old, now))
                yield return d;
            if (pages)
                foreach (var d in new PageComparison(reference, difference).Compare(old, now, cancel))
                    yield return d;
        }
        foreach (var now in difference.Model.Tasks)
            if (reference.Model.FindTask(now.VPid) is null)
                yield return new(now.VPid, now.Comm, DifferenceKind.Task, DifferenceChange.Added, now.ToString(), "", null, now.Comm);
    }

    private IEnumerable<ImageDifference> CompareTask(TaskImage old, TaskImage now)
    {
        foreach (var (name, a, b) in TaskFacts(old, now))
            if (!Equals(a, b))
                yield return new(old.VPid, old.Comm, DifferenceKind.Task, DifferenceChange.Changed, old.ToString(), name, a, b);
        foreach (var d in Keyed(old, DifferenceKind.Mapping, Mappings(old), Mappings(now)))
            yield return d;
        foreach (var d in Keyed(old, DifferenceKind.File, _referenceFiles.Of(old), _differenceFiles.Of(now)))
            yield return d;
        foreach (var d in CompareStates(old, States(old), States(now)))
            yield return d;
    }

    private static IEnumerable<(string Name, object A, object B)> TaskFacts(TaskImage a, TaskImage b)
    {
        yield return ("Comm", a.Comm, b.Comm);
        yield return ("ParentVPid", a.ParentVPid, b.ParentVPid);
        yield return ("VPgid", a.Task.VPgid, b.Task.VPgid);
        yield return ("VSid", a.Task.VSid, b.Task.VSid);
        yield return ("Ended", a.Task.IsEnded, b.Task.IsEnded);
        yield return ("Stopped", a.Task.IsStopped, b.Task.IsStopped);
        yield return ("ExitCode", a.Task.ExitCode, b.Task.ExitCode);
        yield return ("ThreadCount", a.Threads.Count, b.Threads.Count);
        yield return ("ChildrenCount", a.Children.Count, b.Children.Count);
    }

    /// <summary>Items with the same key are compared by their text.</summary>
    private static IEnumerable<ImageDifference> Keyed(TaskImage task, DifferenceKind kind, Dictionary<string, string> old, Dictionary<string, string> now)
    {
        foreach (var (key, text) in old)
        {
            if (!now.TryGetValue(key, out var other))
                yield return new(task.VPid, task.Comm, kind, DifferenceChange.Removed, key, "", text, null);
            else if (other != text)
                yield return new(task.VPid, task.Comm, kind, DifferenceChange.Changed, key, "", text, other);
        }
        foreach (var (key, text) in now)
            if (!old.ContainsKey(key))
                yield return new(task.VPid, task.Comm, kind, DifferenceChange.Added, key, "", null, text);
    }

    private static Dictionary<string, string> Mappings(TaskImage task)
    {
        var mappings = new Dictionary<string, string>();
        foreach (var m in SavedMappings.Of(task))
            mappings[m.Vma.ToString()] = $"{MappingText.Rights(m.Vma)} {MappingText.Name(task, m)}";
        return mappings;
    }

    private static IEnumerable<ImageDifference> CompareStates(TaskImage task, Dictionary<string, ICrRecord> old, Dictionary<string, ICrRecord> now)
    {
        foreach (var (key, record) in old)
        {
            if (!now.TryGetValue(key, out var other))
                yield return new(task.VPid, task.Comm, DifferenceKind.State, DifferenceChange.Removed, key, "", record, null);
            else
                foreach (var (property, a, b) in RecordComparison.Compare(record, other))
                    yield return new(task.VPid, task.Comm, DifferenceKind.State, DifferenceChange.Changed, key, property, a, b);
        }
        foreach (var (key, record) in now)
            if (!old.ContainsKey(key))
                yield return new(task.VPid, task.Comm, DifferenceKind.State, DifferenceChange.Added, key, "", null, record);
    }

    /// <summary>
    /// Everything else that a task's and its threads' records say. References are numbers of one image and would differ for no
    /// reason; records of memory and files, which carry them, are compared above.
    /// </summary>
    private static Dictionary<string, ICrRecord> States(TaskImage task)
    {
        var states = new Dictionary<string, ICrRecord>();
        Add("", task.Records);
        foreach (var thread in task.Threads)
            Add($"thread {thread.VTid} ", thread.Records);
        return states;

        void Add(string prefix, IReadOnlyList<ICrRecord> records)
        {
            foreach (var record in records)
            {
                if (RecordListing.KindOf(record.Type) is "Frame" or "Memory" or "Files" || record is ISharedObject || ImageDescriptors.IsDescriptorRecord(record.Type))
                    continue;
                var name = prefix + record.GetType().Name.Replace("Record", "", StringComparison.Ordinal);
                var key = name;
                for (var n = 2; !states.TryAdd(key, record); n++)
                    key = $"{name} {n}";
            }
        }
    }
}
