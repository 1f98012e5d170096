using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Measure-Object: how many objects, and over a property the sum, average, least and greatest.</summary>
[Cmdlet("Measure", "Object")]
public sealed class MeasureObjectCommand : InputCommand
{
    private readonly ObjectComparer _comparer = new(caseSensitive: false);
    private PropertySpec? _spec;
    private int _count;
    private double _sum;
    private object? _minimum;
    private object? _maximum;

    /// <summary>One property; pwsh takes several.</summary>
    [Parameter(Position = 0)]
    public object? Property { get; set; }

    [Parameter]
    public SwitchParameter Sum { get; set; }

    [Parameter]
    public SwitchParameter Average { get; set; }

    [Parameter]
    public SwitchParameter Minimum { get; set; }

    [Parameter]
    public SwitchParameter Maximum { get; set; }

    protected override void BeginProcessing() => _spec = Property is null ? null : PropertySpec.ParseAll([Property])[0];

    protected override void Take(PSObject item)
    {
        var value = _spec is null ? item.BaseObject : _spec.ValueOf(item);
        if (value is null)
            return;
        if (Sum || Average)
        {
            if (!LanguagePrimitives.TryConvertTo<double>(value, out var number))
            {
                WriteError(new ErrorRecord(new PSInvalidCastException($"'{value}' is not a number."), "NonNumericInputObject", ErrorCategory.InvalidType, item));
                return;
            }
            _sum += number;
        }
        _minimum = _count == 0 || _comparer.Compare(value, _minimum) < 0 ? value : _minimum;
        _maximum = _count == 0 || _comparer.Compare(value, _maximum) > 0 ? value : _maximum;
        _count++;
    }

    protected override void EndProcessing()
    {
        var result = new PSObject();
        result.Properties.Add(new PSNoteProperty("Count", _count));
        result.Properties.Add(new PSNoteProperty("Average", Average && _count > 0 ? _sum / _count : null));
        result.Properties.Add(new PSNoteProperty("Sum", Sum ? _sum : null));
        result.Properties.Add(new PSNoteProperty("Maximum", Maximum ? _maximum : null));
        result.Properties.Add(new PSNoteProperty("Minimum", Minimum ? _minimum : null));
        result.Properties.Add(new PSNoteProperty("Property", _spec?.Name));
        WriteObject(result.As(EngineView.Measure));
    }
}
