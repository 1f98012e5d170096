namespace CrCore.Restore;

/// <summary>
/// Where each process of a tree has to be born so that it gets its session: a session can only be started (with the
/// starter's own pid as its number) or inherited at birth (setsid(2), fork(2)). A process whose parent was never in its
/// session was forked further down and came to that parent when the ones between ended: the kernel gives orphans to the
/// nearest subreaper above them (find_new_reaper in kernel/exit.c), so its parent stood above its session's leader once,
/// whatever stands where today. Such a line is looked for here.
/// </summary>
internal sealed class BirthPlaces
{
    private readonly Dictionary<int, Kin> _living;
    private readonly SortedDictionary<int, Kin> _gone = [];
    private readonly Dictionary<int, List<Kin>> _members = [];

    /// <param name="tree">The root first, parents before children.</param>
    /// <param name="inherited">Whether a session's number is taken over from the creator of the root.</param>
    /// <param name="problems">Takes the processes whose session cannot be made, with the reason.</param>
    public BirthPlaces(IReadOnlyList<Kin> tree, Func<int, bool> inherited, ICollection<(Kin Task, string Reason)> problems)
    {
        _living = new(tree.Count);
        foreach (var task in tree)
        {
            _living[task.VPid] = task;
            if (!_members.TryGetValue(task.Session, out var members))
                members = _members[task.Session] = [];
            members.Add(task);
        }
        // Children before parents: a session's leader is born in the session that its older children still have.
        for (var i = tree.Count - 1; i >= 0; i--)
        {
            var task = tree[i];
            task.Birth = task.Leads ? BirthOfLeader(task) : inherited(task.Session) ? Kin.Outside : task.Session;
        }
        if (tree[0].Birth is var birth and not (Kin.Any or Kin.Outside) && _living.ContainsKey(birth))
            problems.Add((tree[0], $"its session {birth} is led by a task below it"));
        foreach (var task in tree)
            if (task.Parent is { } parent && !parent.CanGive(task.Birth) && Find(task, parent, tree[0]) is { } problem)
                problems.Add((task, problem));
    }

    /// <summary>Leaders that have ended, of sessions that go on: each needs a stand-in below its <see cref="Kin.Place"/>.</summary>
    public IEnumerable<Kin> Gone => _gone.Values;

    /// <summary>The session that a child was born in before its parent started its own; unless the child came from further down.</summary>
    private int BirthOfLeader(Kin leader)
    {
        // What is from outside can have come no other way; whatever else there is may have been made further down.
        var (elsewhere, stale) = (Kin.Any, Kin.Any);
        foreach (var child in leader.Children)
        {
            var birth = child.Birth;
            if (birth == Kin.Any || birth == leader.VPid)
                continue;
            if (birth == Kin.Outside)
                return birth;
            // A namespace's init is its first process: nobody can be there before it.
            if (leader.VPid == 1)
                continue;
            if (!_living.TryGetValue(birth, out var other))
                stale = stale == Kin.Any && HasMembersBeside(birth, leader) ? birth : stale;
            else if (elsewhere == Kin.Any && !other.IsDescendantOf(leader))
                elsewhere = birth;
        }
        return elsewhere != Kin.Any ? elsewhere : stale;
    }

    /// <summary>Else the session of a leader that has ended may have begun below it.</summary>
    private bool HasMembersBeside(int session, Kin leader)
    {
        foreach (var member in _members[session])
            if (!member.IsDescendantOf(leader))
                return true;
        return false;
    }

    /// <returns>Why there is no place, or null.</returns>
    private string? Find(Kin task, Kin parent, Kin root)
    {
        if (task.Birth == Kin.Outside)
            return $"its session {task.Session} cannot be inherited from its parent, nor is its leader gone";
        if (!_living.TryGetValue(task.Birth, out var maker) && !_gone.TryGetValue(task.Birth, out maker))
        {
            if (root.Birth == task.Birth)
                return $"its session {task.Session} is the one that the root was born in, and cannot be inherited from its parent";
            maker = _gone[task.Birth] = new Kin { Index = -1, VPid = task.Birth, Group = task.Birth, Session = task.Birth, Parent = null, Place = parent };
        }
        if (maker.IsBornBelow(task))
            return $"its session {task.Session} is led by a task below it";
        if (!BringBelow(maker, parent))
            return $"its session {task.Session} cannot be inherited from its parent, and no order of births was found that puts it there";
        task.Place = task.Maker = maker;
        return null;
    }

    /// <summary>
    /// Moves births so that <paramref name="task"/> is born below <paramref name="above"/>. Nobody loses one that was above
    /// it: lines only grow.
    /// </summary>
    private static bool BringBelow(Kin task, Kin above)
    {
        if (task.IsBornBelow(above))
        {
            Hold(task, above);
            return true;
        }
        if (task == above || above.IsBornBelow(task))
            return false;
        // Where the lines of the two part: `ours` and `theirs` are the first that they do not share.
        var (ours, theirs) = (task, above);
        while (!above.IsBornBelow(ours.Place!))
            ours = ours.Place!;
        while (theirs.Place != ours.Place)
            theirs = theirs.Place!;
        if (CanMove(ours, above))
        {
            ours.Place = above;
            Hold(task, null);
            return true;
        }
        // Or theirs goes in between somewhere in our line.
        for (var (below, at) = (task, task.Place!); below != ours; (below, at) = (at, at.Place!))
            if (CanMove(below, above) && CanMove(theirs, at))
            {
                theirs.Place = at;
                below.Place = above;
                Hold(task, null);
                return true;
            }
        return false;
    }

    /// <summary>Keeps a line up to a process as it is; all of it where that is null.</summary>
    private static void Hold(Kin task, Kin? above)
    {
        for (var at = task; at.Place is { } place; at = place)
        {
            at.IsBelowMaker |= place == at.Maker && (above is null || place == above);
            if (place == above)
                return;
        }
    }

    /// <summary>It is made by a child of the new place, which ends later. One that a leader makes has its place by that.</summary>
    private static bool CanMove(Kin task, Kin place)
        => place.CanGive(task.Birth) && task.Maker is null && (task.IsGone || task.Parent!.CanGive(task.Birth));
}
