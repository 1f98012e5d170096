using System.Collections;
using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>New-Object: an instance of a .NET type, or a PSObject with given properties.</summary>
[Cmdlet(VerbsCommon.New, "Object")]
public sealed class NewObjectCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public string TypeName { get; set; } = "";

    [Parameter(Position = 1)]
    public object[] ArgumentList { get; set; } = [];

    [Parameter]
    public IDictionary? Property { get; set; }

    protected override void BeginProcessing()
    {
        if (!LanguagePrimitives.TryConvertTo<Type>(TypeName, out var type))
            ThrowTerminatingError(new ErrorRecord(new PSArgumentException($"There is no type '{TypeName}'."), "TypeNotFound", ErrorCategory.InvalidType, TypeName));
        var result = type == typeof(PSObject) || type == typeof(PSCustomObject) ? new PSObject() : PSObject.AsPSObject(Construct(type!));
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
        {
            var name = entry.Key.ToString()!;
            if (result.Properties[name] is { } property)
                property.Value = entry.Value;
            else
                result.Properties.Add(new PSNoteProperty(name, entry.Value));
        }
        WriteObject(result);
    }

    private object Construct(Type type)
    {
        // [type]::new chooses the constructor by the engine's own rules.
        var script = ScriptBlock.Create("param([type]$t, $a) $t::new.Invoke($a)");
        return script.InvokeReturnAsIs(type, ArgumentList);
    }
}
