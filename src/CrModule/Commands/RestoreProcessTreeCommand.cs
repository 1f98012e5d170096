using System.Diagnostics;
using System.Management.Automation;
using CrCore;
using CrCore.Restore;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Brings a checkpointed process tree back and lets it run.</summary>
[Cmdlet(VerbsData.Restore, "ProcessTree", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrRestoredTree), typeof(CrRestorePreview), typeof(Process))]
public sealed class RestoreProcessTreeCommand : RestorePolicyCommand
{
    private bool _pidFileUsed;

    /// <summary>Where to write the root's process id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string? PidFile { get; set; }

    /// <summary>Write the tree only when its root has ended.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Write the root's process object instead of the tree.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <summary>End the restored tree when this shell ends.</summary>
    [Parameter]
    public SwitchParameter DieWithShell { get; set; }

    /// <summary>Leave every task stopped.</summary>
    [Parameter]
    public SwitchParameter LeaveStopped { get; set; }

    private RestoreOptions Options => Policies with { DieWithCaller = DieWithShell, LeaveStopped = LeaveStopped };

    private protected override void ProcessImage(string path)
    {
        if (!TryHere(path, () => Options, out var options))
            return;
        if (!ShouldProcess($"Restore the process tree in '{path}'.", $"Restore the process tree in '{path}'?", "Restore-ProcessTree", out var reason))
        {
            if (reason == ShouldProcessReason.WhatIf)
                Preview(path, options);
            return;
        }
        try
        {
            using var pidFile = BeginPidFile();
            using var root = new RestoredRoot();
            options = options with { RootReady = root.Open };
            if (TryRun(path, (log, progress, cancel) => new TreeRestore(options, log, progress).RunHere(path, cancel), out var result))
                Finish(result, root, pidFile);
        }
        catch (CrException e)
        {
            WriteError(e, PidFile);
        }
    }

    /// <exception cref="CrException">The pid file is used already or cannot be written.</exception>
    private PidFile? BeginPidFile()
    {
        if (PidFile is null)
            return null;
        if (_pidFileUsed)
            throw new CrArgumentException("CrPidFileNotUnique", $"The pid file '{PidFile}' holds the pid of another tree already; this image was not restored.",
                "Restore one image at a time when -PidFile is given.") { Object = PidFile };
        var draft = Pipeline.PidFile.Begin(FileSystemPath.Unresolved(this, PidFile));
        _pidFileUsed = true;
        return draft;
    }

    private void Finish(RestoreResult result, RestoredRoot root, PidFile? pidFile)
    {
        foreach (var obstacle in result.Warnings)
            WriteWarning(obstacle.ToString());
        try
        {
            pidFile?.Commit(result.Root.Pid);
        }
        catch (CrException e)
        {
            WriteError(e, PidFile); // the tree runs; its object is still due
        }
        var tree = new CrRestoredTree(result);
        if (Wait)
            WaitForEnd(tree, root);
        WriteObject(PassThru ? root.Process : tree);
    }

    private void WaitForEnd(CrRestoredTree tree, RestoredRoot root)
    {
        WriteVerbose($"Waiting for {tree} to end.");
        try
        {
            tree.End = root.WaitForEnd(StopToken);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        if (tree.End is null)
            WriteWarning($"{tree} has ended, but its exit status cannot be known: the kernel is older than 6.15 and its parent has waited for it already.");
    }

    private void Preview(string path, RestoreOptions options)
    {
        if (!TryRun(path, (log, progress, cancel) => new TreeRestore(options, log, progress).Preview(path, cancel), out var preview))
            return;
        foreach (var obstacle in preview.Obstacles)
            WriteWarning(obstacle.ToString());
        WriteObject(new CrRestorePreview(path, preview));
    }
}
