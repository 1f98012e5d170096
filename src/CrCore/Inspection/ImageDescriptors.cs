using System.Collections.Frozen;
using CrCore.Image;
using CrCore.Image.Revision3;
using CrCore.Objects.Files;

namespace CrCore.Inspection;

/// <summary>A descriptor of a saved task.</summary>
/// <param name="Task">Whose it is.</param>
/// <param name="Fd">Its number.</param>
/// <param name="CloseOnExec">FD_CLOEXEC: it is closed when another program is executed.</param>
/// <param name="Saved">What it refers to.</param>
/// <param name="Details">What else is known of that, in words: the ends of a pipe, a socket's addresses. Or empty.</param>
public sealed record ImageDescriptor(TaskImage Task, int Fd, bool CloseOnExec, SavedDescription Saved, string Details)
{
    /// <summary>How the description was opened: r, w, rw, or path.</summary>
    public string Access => (Saved.Data.Flags & OpenFlags.Path) != 0 ? "path" : (Saved.Data.Flags & OpenFlags.AccessMode) switch
    {
        OpenFlags.ReadOnly => "r",
        OpenFlags.WriteOnly => "w",
        _ => "rw",
    };
}

/// <summary>The descriptors of an image, each with what it refers to, of either revision.</summary>
public sealed class ImageDescriptors
{
    private static readonly FrozenSet<short> OwnRecords = DescriptorKinds.All.SelectMany(k => k.Records).Select(t => t.Id).ToFrozenSet();

    private readonly SavedFiles? _files;
    private readonly Dictionary<uint, SavedDescription> _revision3 = [];
    private readonly Dictionary<uint, List<string>> _ends = [];
    private readonly Dictionary<(short, ulong), string> _pairs = [];

    /// <exception cref="CrImageException">CrImageBadFiles: the records do not fit together.</exception>
    public ImageDescriptors(ImageModel image)
    {
        if (image.Head.Revision == ImageFormat.Revision3)
            ReadRevision3(image);
        else
            _files = new SavedFiles(image);
        // Who has the ends of one pipe, socket pair or deleted file: the object behind them is the same.
        foreach (var task in image.Tasks)
            foreach (var (fd, _, saved) in Entries(task))
            {
                foreach (var record in saved.Records)
                    if (record is IPairedRecord paired)
                        _pairs.TryAdd((record.Type, paired.End), $"{task.VPid}:{fd}");
                if (saved.Data.Object != 0)
                {
                    if (!_ends.TryGetValue(saved.Data.Object, out var list))
                        _ends.Add(saved.Data.Object, list = []);
                    list.Add($"{task.VPid}:{fd}{Direction(saved.Data)}");
                }
            }
    }

    /// <summary>Whether records of an id describe an open file description.</summary>
    public static bool IsDescriptorRecord(short id) => OwnRecords.Contains(id);

    /// <summary>A task's descriptors, ascending.</summary>
    public IEnumerable<ImageDescriptor> List(TaskImage task)
    {
        foreach (var (fd, close, saved) in Entries(task))
            yield return new ImageDescriptor(task, fd, close, saved, Details(task, fd, saved));
    }

    /// <summary>The same as texts by number, for comparison.</summary>
    internal Dictionary<string, string> Of(TaskImage task)
    {
        var texts = new Dictionary<string, string>();
        foreach (var d in List(task))
            texts[$"descriptor {d.Fd}"] = $"{d.Saved.Data.FdType} {d.Saved.Name} {d.Access} at {d.Saved.Data.Position}{(d.CloseOnExec ? " close-on-exec" : "")}";
        return texts;
    }

    private string Details(TaskImage task, int fd, SavedDescription saved)
    {
        var parts = new List<string>();
        foreach (var record in saved.Records)
        {
            if (record is IDescribedRecord described)
                parts.Add(described.Description);
            if (record is IPairedRecord { OtherEnd: not 0 } paired && _pairs.TryGetValue((record.Type, paired.OtherEnd), out var other))
                parts.Add($"with {other}");
        }
        if (saved.Data.Object != 0 && _ends.TryGetValue(saved.Data.Object, out var ends) && ends.Count > 1)
        {
            var own = $"{task.VPid}:{fd}{Direction(saved.Data)}";
            parts.Add("with " + string.Join(", ", ends.Where(e => e != own)));
        }
        return string.Join("; ", parts);
    }

    private static string Direction(FdDataRecord data)
        => data.FdType is FdType.Pipe or FdType.Fifo ? (data.Flags & OpenFlags.AccessMode) switch { OpenFlags.ReadOnly => "(r)", OpenFlags.WriteOnly => "(w)", _ => "(rw)" } : "";

    /// <summary>A task's descriptors without words about them, which name every task at the other ends.</summary>
    internal IEnumerable<(int Fd, bool CloseOnExec, SavedDescription Saved)> Entries(TaskImage task)
    {
        if (_files is null)
        {
            foreach (var entry in task.All<Revision3FdEntry>())
                if (_revision3.TryGetValue(entry.ObjRef, out var saved))
                    yield return (entry.Fd, entry.CloseOnExec, saved);
            yield break;
        }
        if (_files.TableOf(task) is { } table)
            foreach (var entry in table.Entries)
                yield return (entry.Fd, entry.CloseOnExec, _files.Description(entry.Description));
    }

    private void ReadRevision3(ImageModel image)
    {
        foreach (var task in image.Tasks)
        {
            var fd = -1;
            for (var i = 0; i < task.Records.Count; i++)
            {
                if (task.Records[i] is Revision3FdEntry entry)
                    fd = entry.Fd;
                if (task.Records[i] is not Revision3FdData data)
                    continue;
                var name = i + 1 < task.Records.Count && task.Records[i + 1] is FNameRecord path ? path.Path : "";
                var modern = new FdDataRecord { ObjRef = data.ObjRef, FdType = (FdType)data.FdType, Mode = data.Mode, Flags = data.Flags, Position = data.Position };
                _revision3.TryAdd(data.ObjRef, new SavedDescription(modern, name, [], task, fd));
            }
        }
    }
}
