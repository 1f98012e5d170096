using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// The anchors of an image while it is restored: made in the server before anything else, and reached through its
/// descriptors (O_PATH) by all tasks until the serving ends. Kept in the context's states.
/// </summary>
internal sealed class Anchors
{
    private readonly RestoreContext _context;
    private readonly Dictionary<uint, int> _numbers = [];
    private readonly Dictionary<uint, List<FileDataRecord>> _contents = [];

    private Anchors(RestoreContext context)
    {
        _context = context;
        foreach (var task in context.Image.Tasks)
            foreach (var piece in task.All<FileDataRecord>())
                ContentsOf(piece.Object, make: true).Add(piece);
    }

    public static Anchors Of(RestoreContext context) => context.States.Get(() => new Anchors(context));

    /// <summary>How many numbers of the server anchors take.</summary>
    public static int Count(ImageModel image)
    {
        var count = 0;
        foreach (var shared in image.Objects.Values)
            if (shared is GhostRecord or RemapRecord)
                count++;
        return count;
    }

    /// <summary>Where a task of the tree reaches a file: by its name, or through the server. For calls of puppets.</summary>
    public string PathOf(uint anchor, string name) => anchor == 0 ? name
        : _numbers.TryGetValue(anchor, out var number) ? $"/proc/{_context.Root.VPid}/fd/{number}" : throw Missing(anchor);

    public string PathOf(SavedDescription saved) => PathOf(saved.Data.Anchor, saved.Name);

    /// <summary>The server's number of an anchor.</summary>
    public int NumberOf(uint anchor) => _numbers.TryGetValue(anchor, out var number) ? number : throw Missing(anchor);

    internal void Make(DescriptorServer server, BatchFeed feed)
    {
        foreach (var shared in _context.Image.Objects.Values)
        {
            if (shared is not (GhostRecord or RemapRecord))
                continue;
            var number = _numbers[shared.ObjRef] = server.Reserve();
            if (shared is GhostRecord ghost)
                new GhostMaker(_context, ghost, ContentsOf(ghost.ObjRef, make: false), number).Make(feed);
            else
                RemapMaker.Make(_context, (RemapRecord)shared, number, feed);
        }
    }

    /// <exception cref="CrImageException">The reference leads to nothing, or to something else.</exception>
    public static void Require(ImageModel image, uint anchor)
    {
        if (anchor != 0 && image.Objects.GetValueOrDefault(anchor) is not (GhostRecord or RemapRecord))
            throw Missing(anchor);
    }

    private List<FileDataRecord> ContentsOf(uint anchor, bool make)
    {
        if (_contents.TryGetValue(anchor, out var list))
            return list;
        list = [];
        if (make)
            _contents.Add(anchor, list);
        return list;
    }

    private static CrImageException Missing(uint anchor)
        => new("CrImageBadFiles", $"The image is broken: it refers to the file {anchor}, which is not there.", -1, "The image is damaged or was not written by this format; take another copy.");
}
