using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Orders values as PowerShell does, and as text where they cannot be compared otherwise. Null comes first.</summary>
internal sealed class ObjectComparer(bool caseSensitive) : IComparer<object?>, IEqualityComparer<object?>
{
    public int Compare(object? x, object? y)
    {
        x = x is PSObject left ? left.BaseObject : x;
        y = y is PSObject right ? right.BaseObject : y;
        if (LanguagePrimitives.TryCompare(x, y, !caseSensitive, out var result))
            return result;
        return string.Compare(x?.ToString(), y?.ToString(), caseSensitive ? StringComparison.CurrentCulture : StringComparison.CurrentCultureIgnoreCase);
    }

    public new bool Equals(object? x, object? y) => Compare(x, y) == 0;

    public int GetHashCode(object? value)
    {
        var text = value?.ToString() ?? "";
        return caseSensitive ? text.GetHashCode(StringComparison.Ordinal) : text.GetHashCode(StringComparison.OrdinalIgnoreCase);
    }
}
