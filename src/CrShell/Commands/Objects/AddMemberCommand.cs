using System.Collections;
using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Add-Member: note properties, script properties, script methods and aliases on an object.</summary>
[Cmdlet(VerbsCommon.Add, "Member", DefaultParameterSetName = "Note")]
public sealed class AddMemberCommand : PSCmdlet
{
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public PSObject InputObject { get; set; } = new();

    [Parameter(Position = 0, ParameterSetName = "Member")]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; } = PSMemberTypes.NoteProperty;

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Member")]
    public string Name { get; set; } = "";

    [Parameter(Position = 2, ParameterSetName = "Member")]
    public object? Value { get; set; }

    [Parameter(Position = 3, ParameterSetName = "Member")]
    public ScriptBlock? SecondValue { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Note")]
    public string NotePropertyName { get; set; } = "";

    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Note")]
    [AllowNull]
    public object? NotePropertyValue { get; set; }

    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Notes")]
    public IDictionary NotePropertyMembers { get; set; } = new Hashtable();

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Force { get; set; }

    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Note":
                Add(new PSNoteProperty(NotePropertyName, NotePropertyValue));
                break;
            case "Notes":
                foreach (DictionaryEntry note in NotePropertyMembers)
                    Add(new PSNoteProperty(note.Key.ToString()!, note.Value));
                break;
            default:
                Add(Member());
                break;
        }
        if (PassThru)
            WriteObject(InputObject);
    }

    private PSMemberInfo Member() => MemberType switch
    {
        PSMemberTypes.NoteProperty => new PSNoteProperty(Name, Value),
        PSMemberTypes.ScriptProperty => new PSScriptProperty(Name, LanguagePrimitives.ConvertTo<ScriptBlock>(Value), SecondValue),
        PSMemberTypes.ScriptMethod => new PSScriptMethod(Name, LanguagePrimitives.ConvertTo<ScriptBlock>(Value)),
        PSMemberTypes.AliasProperty => new PSAliasProperty(Name, Value?.ToString()),
        _ => throw new PSNotSupportedException($"Add-Member of this shell has no member type {MemberType}."),
    };

    private void Add(PSMemberInfo member)
    {
        if (InputObject.Members[member.Name] is { IsInstance: true } && Force)
            InputObject.Members.Remove(member.Name);
        try
        {
            InputObject.Members.Add(member);
        }
        catch (ExtendedTypeSystemException e)
        {
            WriteError(new ErrorRecord(e, "MemberAlreadyExists", ErrorCategory.InvalidOperation, InputObject));
        }
    }
}
