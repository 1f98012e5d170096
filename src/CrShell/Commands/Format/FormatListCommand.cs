using System.Management.Automation;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace CrShell.Commands.Format;

/// <summary>Format-List, done by the engine's formatter: views, calculated properties and widths as in pwsh.</summary>
[Cmdlet(VerbsCommon.Format, "List")]
public sealed class FormatListCommand : OuterFormatTableAndListBase
{
    public FormatListCommand() => EngineFormatting.UseShape(this, "List");
}
