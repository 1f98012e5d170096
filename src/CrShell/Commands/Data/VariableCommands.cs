using System.Management.Automation;

namespace CrShell.Commands.Data;

/// <summary>Get-Variable: variables by name (with wildcards), or their values.</summary>
[Cmdlet(VerbsCommon.Get, "Variable")]
[OutputType(typeof(PSVariable))]
public sealed class GetVariableCommand : PSCmdlet
{
    [Parameter(Position = 0, ValueFromPipeline = true)]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    public SwitchParameter ValueOnly { get; set; }

    protected override void ProcessRecord()
    {
        foreach (var name in Name)
        {
            var found = InvokeProvider.Item.Get([$"Variable:{name}"], force: true, literalPath: false)
                .Select(i => i.BaseObject).OfType<PSVariable>().OrderBy(v => v.Name, StringComparer.OrdinalIgnoreCase);
            foreach (var variable in found)
                WriteObject(ValueOnly ? variable.Value : variable);
        }
    }
}

/// <summary>Set-Variable: in the caller's scope, or one that is named (Global, Script, Local).</summary>
[Cmdlet(VerbsCommon.Set, "Variable", SupportsShouldProcess = true)]
public sealed class SetVariableCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    public string Name { get; set; } = "";

    [Parameter(Position = 1, ValueFromPipeline = true)]
    [AllowNull]
    public object? Value { get; set; }

    [Parameter]
    public string? Scope { get; set; }

    protected override void ProcessRecord()
    {
        if (ShouldProcess(Name))
            SessionState.PSVariable.Set(Scope is null ? Name : $"{Scope}:{Name}", Value);
    }
}
