using System.Management.Automation;
using CrCore;
using CrCore.Checkpoint;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells whether running trees could be checkpointed. Touches nothing.</summary>
[Cmdlet(VerbsDiagnostic.Test, "ProcessTree", DefaultParameterSetName = IdSet)]
[OutputType(typeof(bool), typeof(CrFinding))]
public sealed class TestProcessTreeCommand : ProcessTreeCommand
{
    /// <summary>Write every obstacle instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    [Parameter]
    public TerminalPolicy Terminal { get; set; } = new CheckpointOptions().Terminal;

    [Parameter]
    public ExternalPipePolicy ExternalPipe { get; set; } = new CheckpointOptions().ExternalPipe;

    [Parameter]
    public ExternalUnixSocketPolicy ExternalUnixSocket { get; set; } = new CheckpointOptions().ExternalUnixSocket;

    /// <summary>In bytes.</summary>
    [Parameter]
    [ValidateRange(0, long.MaxValue)]
    public long MaxDeletedFileSize { get; set; } = new CheckpointOptions().MaxDeletedFileBytes;

    private protected override void ProcessRoot(CheckpointTarget root)
    {
        var options = new CheckpointOptions { Terminal = Terminal, ExternalPipe = ExternalPipe, ExternalUnixSocket = ExternalUnixSocket, MaxDeletedFileBytes = MaxDeletedFileSize };
        if (!TryRun(root.Id, (log, progress, cancel) => new TreeCheckpoint(options, log, progress).Preview(root.Id, cancel), out var preview))
            return;
        if (!Detailed)
        {
            foreach (var obstacle in preview.Obstacles)
                WriteVerbose(obstacle.ToString());
            WriteObject(preview.CanProceed);
            return;
        }
        foreach (var obstacle in preview.Obstacles)
            WriteObject(new CrFinding(root.Id, "Checkpoint", obstacle));
        if (preview.CanProceed)
            WriteObject(new CrFinding(root.Id, "Checkpoint", CrFindingStatus.Passed, $"the tree of {preview.Tasks.Count} tasks can be saved"));
    }
}
