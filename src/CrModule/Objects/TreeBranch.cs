namespace CrModule;

/// <summary>A task's place where its tree is drawn with lines. The text is made only when it is looked at.</summary>
internal sealed class TreeBranch(TreeBranch? parent, bool isLast)
{
    /// <summary>Places in a list that has parents before their children.</summary>
    /// <param name="parents">The place of each one's parent in the list; -1 for a root.</param>
    public static TreeBranch[] Draw(ReadOnlySpan<int> parents)
    {
        var last = new int[parents.Length];
        for (var i = 0; i < parents.Length; i++)
            if (parents[i] >= 0)
                last[parents[i]] = i;
        var branches = new TreeBranch[parents.Length];
        for (var i = 0; i < parents.Length; i++)
            branches[i] = new TreeBranch(parents[i] < 0 ? null : branches[parents[i]], parents[i] < 0 || last[parents[i]] == i);
        return branches;
    }

    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>Of the parent: whether lines go on below it.</summary>
    private TreeBranch? Parent { get; } = parent;

    private bool IsLast { get; } = isLast;

    /// <summary>Three columns a generation.</summary>
    public override string ToString() => string.Create(3 * Depth, this, static (text, branch) =>
    {
        var own = true;
        for (var b = branch; b.Parent is not null; b = b.Parent)
        {
            var part = own ? (b.IsLast ? "└─ " : "├─ ") : b.IsLast ? "   " : "│  ";
            part.CopyTo(text[(3 * (b.Depth - 1))..]);
            own = false;
        }
    });
}
