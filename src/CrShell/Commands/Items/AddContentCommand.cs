using System.Management.Automation;

namespace CrShell.Commands.Items;

/// <summary>Add-Content: adds to a file's contents.</summary>
[Cmdlet(VerbsCommon.Add, "Content", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
public sealed class AddContentCommand() : WriteContentCommand(append: true);
