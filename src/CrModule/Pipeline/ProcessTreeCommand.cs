using System.Diagnostics;
using System.Management.Automation;
using CrModule.Completion;

namespace CrModule.Pipeline;

/// <summary>A command that works on running trees: -Id, -InputObject, pipeline. Each root once.</summary>
public abstract class ProcessTreeCommand : CrCmdlet
{
    private protected const string IdSet = "Id";
    private protected const string InputObjectSet = "InputObject";

    private readonly HashSet<int> _seen = [];

    /// <summary>The roots of the trees.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = IdSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PID", "ProcessId")]
    [ValidateRange(1, int.MaxValue)]
    [ProcessIdArgument]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[] Id { get; set; } = [];

    /// <summary>The roots of the trees.</summary>
    [Parameter(Mandatory = true, ParameterSetName = InputObjectSet, ValueFromPipeline = true)]
    [ValidateNotNull]
    public Process[] InputObject { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == InputObjectSet)
        {
            foreach (var process in InputObject)
                if (_seen.Add(process.Id) && !Stopping)
                    ProcessRoot(CheckpointTarget.Of(process));
            return;
        }
        foreach (var id in Id)
            if (_seen.Add(id) && !Stopping)
                ProcessRoot(CheckpointTarget.Of(id));
    }

    /// <summary>The command's work on one root; it may gather them for the end of the pipeline.</summary>
    private protected abstract void ProcessRoot(CheckpointTarget root);
}
