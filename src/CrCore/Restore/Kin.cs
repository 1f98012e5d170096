using CrCore.Checkpoint;
using CrCore.Image;

namespace CrCore.Restore;

/// <summary>
/// A process as far as it matters for its birth: its numbers, its parent, and, once <see cref="BirthPlaces"/> has looked
/// at it, where it has to be born.
/// </summary>
internal sealed class Kin
{
    /// <summary>Birth sessions that are not numbers: it does not matter, or whatever the root's creator is in.</summary>
    public const int Any = 0, Outside = -1;

    /// <summary>Its number in the order of the tree; -1 for a session's leader that has ended.</summary>
    public required int Index { get; init; }

    public required int VPid { get; init; }

    public required int Group { get; init; }

    public required int Session { get; init; }

    /// <summary>Its parent in the end. Null for the root, and for a leader that has ended.</summary>
    public required Kin? Parent { get; init; }

    public List<Kin> Children { get; } = [];

    public bool IsGone => Index < 0;

    public bool Leads => Session == VPid;

    /// <summary>The session that it must be born in.</summary>
    public int Birth { get; set; }

    /// <summary>The process below which it is born: its parent, or one further down, whence it comes to its parent in the end.</summary>
    public Kin? Place { get; set; }

    /// <summary>A session's leader that makes it, because its parent could not give it its session.</summary>
    public Kin? Maker { get; set; }

    /// <summary>It must come into being below its maker, not as its sibling: somebody's line goes that way.</summary>
    public bool IsBelowMaker { get; set; }

    public static Kin[] Of(ImageModel image)
    {
        var all = new Kin[image.Tasks.Count];
        foreach (var t in image.Tasks)
            Add(all, t.Index, t.VPid, t.Task.VPgid, t.Task.VSid, t.Parent is { } p ? all[p.Index] : null);
        return all;
    }

    public static Kin[] Of(IReadOnlyList<LiveTask> tasks)
    {
        var all = new Kin[tasks.Count];
        var known = new Dictionary<LiveTask, Kin>(tasks.Count);
        for (var i = 0; i < all.Length; i++)
            known[tasks[i]] = Add(all, i, tasks[i].VPid, tasks[i].VPgid, tasks[i].VSid, tasks[i].Parent is { } p ? known[p] : null);
        return all;
    }

    private static Kin Add(Kin[] all, int index, int pid, int group, int session, Kin? parent)
    {
        var kin = all[index] = new Kin { Index = index, VPid = pid, Group = group, Session = session, Parent = parent, Place = parent };
        parent?.Children.Add(kin);
        return kin;
    }

    /// <summary>Whether it comes into being somewhere below <paramref name="other"/>.</summary>
    public bool IsBornBelow(Kin other)
    {
        for (var at = Place; at is not null; at = at.Place)
            if (at == other)
                return true;
        return false;
    }

    public bool IsDescendantOf(Kin other)
    {
        for (var at = Parent; at is not null; at = at.Parent)
            if (at == other)
                return true;
        return false;
    }

    /// <summary>Whether it has a parent from its birth on, so that what it makes with CLONE_PARENT has it, too.</summary>
    public bool IsBornTo(Kin parent)
    {
        for (var at = this; at.IsGone || at.Parent == parent; at = at.Maker)
        {
            if (at.Maker is null)
                return at.Place == parent;
            if (at.IsBelowMaker)
                return false;
        }
        return false;
    }

    /// <summary>Whether its own child can be born in a session: before it starts its own, or after.</summary>
    public bool CanGive(int session) => session == Any || session == Birth || (Leads && session == VPid);
}
