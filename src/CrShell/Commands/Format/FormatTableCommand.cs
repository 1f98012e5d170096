using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace CrShell.Commands.Format;

/// <summary>Format-Table, done by the engine's formatter: views, calculated properties and widths as in pwsh.</summary>
[Cmdlet(VerbsCommon.Format, "Table")]
public sealed class FormatTableCommand : OuterFormatTableBase
{
    public FormatTableCommand() => EngineFormatting.UseShape(this, "Table");
}
