using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>
/// All descriptors in flight of a frozen tree, in messages that nobody has read: what its descriptors carry, and what that
/// carries in turn. This process is their holder meanwhile.
/// </summary>
internal sealed class HeldDescriptors : IDisposable
{
    private readonly List<OwnDescriptor> _open = [];
    private readonly List<Descriptor> _found = [];

    public static HeldDescriptors None { get; } = new();

    /// <param name="all">The descriptors of all tasks.</param>
    public static HeldDescriptors Find(IEnumerable<Descriptor> all)
    {
        var held = new HeldDescriptors();
        var sockets = new HashSet<ulong>();
        var carriers = new Queue<Descriptor>();
        foreach (var d in all)
            if (!d.Status.IsSocket || sockets.Add(d.Status.Inode))
                carriers.Enqueue(d);
        var known = new DescriptionIndex(new Checkpoint.SharedObjects());
        while (carriers.TryDequeue(out var carrier))
            foreach (var own in DescriptorKinds.Find(carrier)?.Carried(carrier) ?? [])
            {
                held._open.Add(own);
                var d = DescriptorReader.ReadHeld(own, carrier.TaskPid);
                known.Reference(d, out var first);
                // One may be in several messages; and a socket may carry itself, or one that carries it.
                if (!first || (d.Status.IsSocket && !sockets.Add(d.Status.Inode)))
                    continue;
                held._found.Add(d);
                carriers.Enqueue(d);
            }
        return held;
    }

    public IReadOnlyList<Descriptor> All => _found;

    /// <summary>Whether a descriptor of this process is one of them: it says nothing about who holds what.</summary>
    public bool Has(int fd) => _open.Exists(own => own.Number == fd);

    public void Dispose()
    {
        foreach (var own in _open)
            own.Dispose();
    }
}
