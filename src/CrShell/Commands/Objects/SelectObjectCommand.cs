using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>
/// Select-Object: some of the objects, some of their properties. Unlike pwsh's, -First does not stop the commands before it:
/// they run to their end and what they still send is dropped.
/// </summary>
[Cmdlet(VerbsCommon.Select, "Object")]
public sealed class SelectObjectCommand : InputCommand
{
    private readonly Queue<PSObject> _last = new();
    private readonly List<PSObject> _seen = [];
    private PropertySpec[] _properties = [];
    private WildcardPattern[] _excluded = [];
    private int _count;

    [Parameter(Position = 0)]
    public object[]? Property { get; set; }

    [Parameter]
    public string[] ExcludeProperty { get; set; } = [];

    [Parameter]
    public string? ExpandProperty { get; set; }

    [Parameter]
    public SwitchParameter Unique { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? First { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Last { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int Skip { get; set; }

    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int SkipLast { get; set; }

    [Parameter]
    public int[]? Index { get; set; }

    protected override void BeginProcessing()
    {
        _properties = PropertySpec.ParseAll(Property ?? (ExcludeProperty.Length > 0 ? ["*"] : null));
        _excluded = ExcludeProperty.Select(p => WildcardPattern.Get(p, WildcardOptions.IgnoreCase)).ToArray();
    }

    protected override void Take(PSObject item)
    {
        var position = _count++;
        if (Index is not null)
        {
            if (Index.Contains(position))
                Emit(item);
        }
        else if (Last is { } last)
        {
            // -Skip counts from the end here (Get-Help Select-Object).
            _last.Enqueue(item);
            if (_last.Count > last + Skip)
                _last.Dequeue();
        }
        else if (SkipLast > 0)
        {
            _last.Enqueue(item);
            if (_last.Count > SkipLast)
                EmitFrom(position - SkipLast, _last.Dequeue());
        }
        else
        {
            EmitFrom(position, item);
        }
    }

    protected override void EndProcessing()
    {
        if (Last is not null)
        {
            foreach (var item in _last.Take(Math.Max(0, _last.Count - Skip)))
                Emit(item);
        }
    }

    private void EmitFrom(int position, PSObject item)
    {
        if (position >= Skip && (First is null || position < Skip + First))
            Emit(item);
    }

    private void Emit(PSObject item)
    {
        var selected = _properties.Length > 0 ? Project(item) : item;
        if (ExpandProperty is not null)
        {
            Expand(item);
            return;
        }
        if (Unique)
        {
            if (_seen.Any(s => SameValues(s, selected)))
                return;
            _seen.Add(selected);
        }
        WriteObject(selected);
    }

    private PSObject Project(PSObject item)
    {
        var result = new PSObject();
        foreach (var property in _properties)
        {
            var names = property.Expression.Script is null ? property.Expression.ResolveNames(item) : [];
            if (names.Count == 0)
            {
                Add(result, property.Name, property.ValueOf(item), item);
                continue;
            }
            foreach (var name in names)
                Add(result, property.Expression.HasWildCardCharacters || names.Count > 1 ? name.ToString() : property.Name, name.GetValues(item).FirstOrDefault()?.Result, item);
        }
        if (item.TypeNames.Count > 0)
            result.TypeNames.Insert(0, "Selected." + item.TypeNames[0]);
        return result;
    }

    private void Add(PSObject result, string name, object? value, PSObject source)
    {
        if (_excluded.Any(e => e.IsMatch(name)))
            return;
        if (result.Properties[name] is null)
            result.Properties.Add(new PSNoteProperty(name, value));
        else if (source.Properties[name] is null)
            WriteError(new ErrorRecord(new PSArgumentException($"The property '{name}' is there already."), "AlreadyExistingUserSpecifiedPropertyNoExpand", ErrorCategory.InvalidOperation, source));
    }

    private void Expand(PSObject item)
    {
        var spec = PropertySpec.ParseAll([ExpandProperty!])[0];
        var results = spec.Expression.GetValues(item);
        if (results.Count == 0)
            WriteError(new ErrorRecord(new PSArgumentException($"There is no property '{ExpandProperty}'."), "ExpandPropertyNotFound", ErrorCategory.InvalidArgument, item));
        foreach (var result in results)
            WriteObject(result.Result, enumerateCollection: true);
    }

    private static bool SameValues(PSObject x, PSObject y)
    {
        if (x.BaseObject is not PSCustomObject || y.BaseObject is not PSCustomObject)
            return LanguagePrimitives.Equals(x, y);
        var left = x.Properties.ToArray();
        return left.Length == y.Properties.Count() && left.All(p => y.Properties[p.Name] is { } other && LanguagePrimitives.Equals(p.Value, other.Value));
    }
}
