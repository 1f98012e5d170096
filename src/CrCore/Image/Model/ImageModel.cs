namespace CrCore.Image;

/// <summary>
/// All of an image but its pages: checked against its seal and against the rules of the tree, and immutable.
/// </summary>
public sealed class ImageModel : RecordHolder
{
    private readonly Dictionary<int, TaskImage> _byVPid;
    private readonly IReadOnlyDictionary<uint, ISharedObject> _objects;
    private readonly IReadOnlyList<ICrRecord> _records;

    internal ImageModel(HeadRecord head, HeadArchRecord arch, TreeRecord tree, List<ICrRecord> records, List<TaskImage> tasks,
                        Dictionary<int, TaskImage> byVPid, Dictionary<uint, ISharedObject> objects, long length, ulong hash)
    {
        (Head, Arch, Tree, Tasks, MetadataLength, MetadataHash) = (head, arch, tree, tasks, length, hash);
        (_records, _byVPid, _objects) = (records, byVPid, objects);
    }

    /// <summary>What wrote the image, when, and on which kernel.</summary>
    public HeadRecord Head { get; }

    /// <summary>How the processor kept its extended state.</summary>
    public HeadArchRecord Arch { get; }

    /// <summary>The pids of all tasks, in the order of <see cref="Tasks"/>.</summary>
    public TreeRecord Tree { get; }

    /// <summary>Image-wide records: those between TREE and the first TASK.</summary>
    public override IReadOnlyList<ICrRecord> Records => _records;

    /// <summary>Depth-first, the root first.</summary>
    public IReadOnlyList<TaskImage> Tasks { get; }

    /// <summary>The task that the tree hangs on.</summary>
    public TaskImage Root => Tasks[0];

    /// <summary>Objects that records refer to, by their reference, wherever in the metadata they stand.</summary>
    public IReadOnlyDictionary<uint, ISharedObject> Objects => _objects;

    /// <summary>Bytes before the first page block (for revision 3: of the whole image).</summary>
    public long MetadataLength { get; }

    /// <summary>XXH3-64 of these bytes without their seal; 0 for revision 3.</summary>
    public ulong MetadataHash { get; }

    /// <summary>The task with a pid as seen from the root's pid namespace, or null.</summary>
    public TaskImage? FindTask(int vpid) => _byVPid.GetValueOrDefault(vpid);

    /// <summary>The object that a record refers to.</summary>
    /// <exception cref="CrImageException">CrImageBadObject: there is none, or it is of another type.</exception>
    public T Object<T>(uint objRef) where T : class, ISharedObject
        => _objects.GetValueOrDefault(objRef) switch
        {
            T match => match,
            null => throw ImageError.Objects(-1, $"a record refers to object {objRef}, which is not there"),
            var other => throw ImageError.Objects(-1, $"a record refers to object {objRef} as {typeof(T).Name}, but it is {other.GetType().Name}"),
        };
}
