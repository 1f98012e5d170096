using System.Management.Automation;

namespace CrShell.Interactive;

/// <summary>Ctrl+C was typed while a line was being read. To the engine that is a stopped pipeline.</summary>
internal sealed class InputInterruptedException : PipelineStoppedException;
