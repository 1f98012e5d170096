using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Objects that have the same values.</summary>
/// <param name="Count">How many.</param>
/// <param name="Name">The values as text.</param>
/// <param name="Group">The objects; null with -NoElement.</param>
public sealed record GroupInfo(int Count, string Name, IReadOnlyList<object?> Values, IReadOnlyList<PSObject>? Group);

/// <summary>Group-Object: objects gathered by the values of properties, in the order in which a value is first met.</summary>
[Cmdlet("Group", "Object")]
public sealed class GroupObjectCommand : InputCommand
{
    private readonly Dictionary<string, (object?[] Values, List<PSObject> Items)> _groups = new(StringComparer.OrdinalIgnoreCase);
    private PropertySpec[] _specs = [];

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter NoElement { get; set; }

    [Parameter]
    public SwitchParameter AsHashTable { get; set; }

    protected override void BeginProcessing() => _specs = PropertySpec.ParseAll(Property);

    protected override void Take(PSObject item)
    {
        object?[] values = _specs.Length == 0 ? [item.BaseObject] : _specs.Select(s => s.ValueOf(item)).ToArray();
        var name = string.Join(", ", values.Select(v => v?.ToString() ?? ""));
        if (!_groups.TryGetValue(name, out var group))
            _groups[name] = group = (values, []);
        group.Items.Add(item);
    }

    protected override void EndProcessing()
    {
        if (AsHashTable)
        {
            var table = new System.Collections.Hashtable(StringComparer.CurrentCultureIgnoreCase);
            foreach (var (name, (values, items)) in _groups)
                table[values is [{ } only] ? only : name] = items.ToArray();
            WriteObject(table);
            return;
        }
        foreach (var (name, (values, items)) in _groups)
            WriteObject(new GroupInfo(items.Count, name, values, NoElement ? null : items).As(NoElement ? EngineView.GroupNoElement : EngineView.Group));
    }
}
