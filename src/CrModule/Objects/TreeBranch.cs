namespace CrModule;

/// <summary>A task's place where its tree is drawn with lines. The text is made only when it is looked at.</summary>
internal sealed class TreeBranch(TreeBranch? parent, bool isLast)
{
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
