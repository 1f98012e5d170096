using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Set-Content: replaces a file's contents.</summary>
[Cmdlet(VerbsCommon.Set, "Content", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class SetContentCommand() : WriteContentCommand(append: false);
