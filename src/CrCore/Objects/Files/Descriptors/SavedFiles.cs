using CrCore.Image;

namespace CrCore.Objects.Files;

/// <summary>An open file description as the image has it.</summary>
/// <param name="Data">Its FD_DATA.</param>
/// <param name="Name">Its FNAME: where it is opened again, or what people should see.</param>
/// <param name="Records">What follows its FNAME: its kind's own records, in order.</param>
/// <param name="Task">The task at which it stands.</param>
/// <param name="Fd">The first descriptor that refers to it; -1 when it was first seen in flight.</param>
public sealed record SavedDescription(FdDataRecord Data, string Name, IReadOnlyList<ICrRecord> Records, TaskImage Task, int Fd)
{
    /// <summary>Positive, unique in the image: descriptors refer to it.</summary>
    public uint ObjRef => Data.ObjRef;

    /// <summary>What stands for it, given at the restore; null for what is restored itself.</summary>
    public GivenDescriptor? Given { get; init; }

    /// <summary>What it was when it was saved, also where another stands for it.</summary>
    public FdType Was { get; init; } = Data.FdType;

    /// <summary>How messages call it.</summary>
    public string Label => Fd < 0 ? $"a descriptor in flight ({Name})" : $"descriptor {Fd} ({Name})";

    /// <summary>The label: a description can be the subject of a call, and nobody makes the text unless it fails.</summary>
    public override string ToString() => Label;

    /// <summary>The first record of a type, or null.</summary>
    public T? Get<T>() where T : class, ICrRecord
    {
        foreach (var r in Records)
            if (r is T match)
                return match;
        return null;
    }
}

/// <summary>A table of descriptors as the image has it.</summary>
/// <param name="Owner">The first task that uses it.</param>
/// <param name="Entries">In ascending order of their numbers.</param>
internal sealed record SavedTable(uint ObjRef, TaskImage Owner, IReadOnlyList<FdEntRecord> Entries)
{
    /// <summary>The descriptor of this number, or null.</summary>
    public FdEntRecord? Find(int fd)
    {
        var (low, high) = (0, Entries.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (Entries[middle].Fd == fd)
                return Entries[middle];
            if (Entries[middle].Fd < fd)
                low = middle + 1;
            else
                high = middle - 1;
        }
        return null;
    }

    /// <summary>A descriptor onto the description, or null.</summary>
    public FdEntRecord? FindOnto(uint description)
    {
        foreach (var entry in Entries)
            if (entry.Description == description)
                return entry;
        return null;
    }
}

/// <summary>All tables and descriptions of an image.</summary>
internal sealed class SavedFiles
{
    private readonly Dictionary<uint, SavedTable> _tables = [];
    private readonly Dictionary<TaskImage, SavedTable> _byTask = [];
    private readonly Dictionary<uint, SavedDescription> _descriptions = [];
    private readonly List<SavedDescription> _inOrder = [];

    /// <exception cref="CrImageException">A descriptor names a description that is not there, or counts do not fit.</exception>
    /// <param name="given">What is given in the place of some; these are of the type <see cref="FdType.Given"/> then.</param>
    public SavedFiles(ImageModel image, IReadOnlyList<GivenDescriptor>? given = null)
    {
        foreach (var task in image.Tasks)
            Read(task);
        foreach (var table in _tables.Values)
            foreach (var entry in table.Entries)
            {
                if (!_descriptions.ContainsKey(entry.Description))
                    throw Broken(table.Owner, $"descriptor {entry.Fd} refers to description {entry.Description}, which is not there");
                HighestFd = Math.Max(HighestFd, entry.Fd);
            }
        foreach (var saved in _inOrder)
            foreach (var record in saved.Records)
                if (record is IUsesNumber uses)
                    HighestFd = Math.Max(HighestFd, uses.Number);
        Keys = new Given.GivenKeys(this, given ?? []);
        for (var i = 0; i < _inOrder.Count; i++)
            if (Keys.Replacement(_inOrder[i]) is { } replaced)
                _inOrder[i] = _descriptions[replaced.ObjRef] = replaced;
    }

    /// <summary>Those of an operation, read once.</summary>
    public static SavedFiles Of(KindStates states, ImageModel image, RestoreOptions options) => states.Get(() => new SavedFiles(image, options.Descriptors));

    /// <summary>What is given for whom.</summary>
    internal Given.GivenKeys Keys { get; }

    /// <summary>In the image's order.</summary>
    public IReadOnlyList<SavedDescription> Descriptions => _inOrder;

    /// <summary>The highest descriptor number of all tables, and of those that records use; or -1.</summary>
    public int HighestFd { get; } = -1;

    /// <summary>The task's table, or null for one that has none (it has ended).</summary>
    public SavedTable? TableOf(TaskImage task) => _byTask.GetValueOrDefault(task);

    /// <summary>What a descriptor of a task refers to, or null.</summary>
    public SavedDescription? Find(int vpid, int fd)
    {
        foreach (var (task, table) in _byTask)
            if (task.VPid == vpid && table.Find(fd) is { } entry)
                return _descriptions[entry.Description];
        return null;
    }

    public SavedDescription Description(uint objRef) => _descriptions[objRef];

    public SavedDescription? TryDescription(uint objRef) => _descriptions.GetValueOrDefault(objRef);

    private void Read(TaskImage task)
    {
        var records = task.Records;
        for (var i = 0; i < records.Count; i++)
        {
            if (records[i] is not FilesRecord files)
                continue;
            if (_tables.TryGetValue(files.Table, out var known))
            {
                if (files.Count != 0)
                    throw Broken(task, $"the descriptor table {files.Table} stands twice");
                _byTask[task] = known;
                continue;
            }
            // A table's own count is not to be trusted yet.
            var room = (int)Math.Min(files.Count, (uint)(records.Count - i));
            _descriptions.EnsureCapacity(_descriptions.Count + room);
            var entries = ReadEntries(task, records, i + 1, room);
            if (entries.Count != files.Count)
                throw Broken(task, $"there are {entries.Count} descriptors, {files.Count} are due");
            _byTask[task] = _tables[files.Table] = new SavedTable(files.Table, task, entries);
        }
    }

    private List<FdEntRecord> ReadEntries(TaskImage task, IReadOnlyList<ICrRecord> records, int at, int room)
    {
        var entries = new List<FdEntRecord>(room);
        var last = -1;
        for (; at < records.Count && records[at] is not FilesRecord; at++)
        {
            if (records[at] is FdEntRecord entry)
            {
                // Ascending numbers are what lets restore fill a table without ever meeting a number in use.
                if (entry.Fd <= last)
                    throw Broken(task, $"descriptor {entry.Fd} stands after descriptor {last}");
                last = entry.Fd;
                entries.Add(entry);
            }
            else if (records[at] is HeldRecord held)
            {
                if (at + 1 >= records.Count || records[at + 1] is not FdDataRecord)
                    throw Broken(task, $"description {held.Description}, in flight, has no data");
                Add(task, held.Description, -1, records, ++at);
            }
            else if (records[at] is FdDataRecord && last >= 0)
            {
                Add(task, entries[^1].Description, last, records, at);
            }
        }
        return entries;
    }

    private void Add(TaskImage task, uint description, int fd, IReadOnlyList<ICrRecord> records, int at)
    {
        var data = (FdDataRecord)records[at];
        if (description != data.ObjRef)
            throw Broken(task, $"description {data.ObjRef} stands behind descriptor {fd}, which refers to {description}");
        if (at + 1 >= records.Count || records[at + 1] is not FNameRecord name)
            throw Broken(task, $"description {data.ObjRef} has no name");
        List<ICrRecord>? own = null;
        for (var i = at + 2; i < records.Count && records[i] is not (FdEntRecord or FdDataRecord or FilesRecord or HeldRecord) && Belongs(records[i]); i++)
            (own ??= []).Add(records[i]);
        var saved = new SavedDescription(data, name.Path, own ?? (IReadOnlyList<ICrRecord>)[], task, fd);
        _descriptions.Add(data.ObjRef, saved);
        _inOrder.Add(saved);
    }

    private static bool Belongs(ICrRecord record) => DescriptorKinds.OwnRecords.Contains(record.Type);

    private static CrImageException Broken(TaskImage task, string what)
        => new("CrImageBadFiles", $"The image is broken: {task}: {what}.", task.Offset, "The image is damaged or was not written by this format; take another copy.");
}
