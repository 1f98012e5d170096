using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Sort-Object: stable, by properties or by the objects themselves.</summary>
[Cmdlet("Sort", "Object")]
public sealed class SortObjectCommand : InputCommand
{
    private readonly List<PSObject> _items = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter Descending { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    /// <summary>Accepted as in pwsh: every sort here is stable.</summary>
    [Parameter]
    public SwitchParameter Stable { get; set; }

    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Top { get; set; }

    protected override void Take(PSObject item) => _items.Add(item);

    protected override void EndProcessing()
    {
        var comparer = new ObjectComparer(CaseSensitive);
        var specs = PropertySpec.ParseAll(Property);
        var keyed = _items.Select(i => (Item: i, Keys: specs.Length == 0 ? [i.BaseObject] : specs.Select(s => s.ValueOf(i)).ToArray())).ToArray();

        int Compare(object?[] x, object?[] y)
        {
            for (var i = 0; i < x.Length; i++)
            {
                var order = comparer.Compare(x[i], y[i]);
                var descending = specs.Length > 0 ? specs[i].Descending ?? Descending : Descending.IsPresent;
                if (order != 0)
                    return descending ? -order : order;
            }
            return 0;
        }

        var written = 0;
        object?[]? previous = null;
        foreach (var (item, keys) in keyed.OrderBy(k => k.Keys, Comparer<object?[]>.Create(Compare)))
        {
            if (Unique && previous is not null && Compare(previous, keys) == 0)
                continue;
            if (written++ == Top)
                return;
            WriteObject(item);
            previous = keys;
        }
    }
}
