using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Compare-Object: what one list has and the other lacks. SideIndicator is <c>&lt;=</c>, <c>=&gt;</c> or <c>==</c>.</summary>
[Cmdlet("Compare", "Object")]
public sealed class CompareObjectCommand : PSCmdlet
{
    private readonly List<PSObject> _difference = [];

    [Parameter(Mandatory = true, Position = 0)]
    [AllowEmptyCollection]
    public PSObject[] ReferenceObject { get; set; } = [];

    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [AllowEmptyCollection]
    public PSObject[] DifferenceObject { get; set; } = [];

    [Parameter]
    public object[]? Property { get; set; }

    [Parameter]
    public SwitchParameter IncludeEqual { get; set; }

    [Parameter]
    public SwitchParameter ExcludeDifferent { get; set; }

    [Parameter]
    public SwitchParameter CaseSensitive { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    protected override void ProcessRecord() => _difference.AddRange(DifferenceObject);

    protected override void EndProcessing()
    {
        var comparer = new ObjectComparer(CaseSensitive);
        var specs = PropertySpec.ParseAll(Property);
        bool Same(PSObject x, PSObject y) => specs.Length == 0
            ? comparer.Equals(x, y)
            : specs.All(s => comparer.Equals(s.ValueOf(x), s.ValueOf(y)));

        var unmatched = new List<PSObject>(_difference);
        var missing = new List<PSObject>();
        foreach (var reference in ReferenceObject)
        {
            var index = unmatched.FindIndex(d => Same(reference, d));
            if (index < 0)
            {
                missing.Add(reference);
                continue;
            }
            unmatched.RemoveAt(index);
            if (IncludeEqual)
                Write(reference, "==", specs);
        }
        if (ExcludeDifferent)
            return;
        foreach (var item in unmatched)
            Write(item, "=>", specs);
        foreach (var item in missing)
            Write(item, "<=", specs);
    }

    private void Write(PSObject item, string side, PropertySpec[] specs)
    {
        var result = PassThru ? item : new PSObject();
        if (!PassThru)
        {
            if (specs.Length == 0)
                result.Properties.Add(new PSNoteProperty("InputObject", item));
            foreach (var spec in specs)
                result.Properties.Add(new PSNoteProperty(spec.Name, spec.ValueOf(item)));
        }
        result.Properties.Add(new PSNoteProperty("SideIndicator", side));
        WriteObject(result);
    }
}
