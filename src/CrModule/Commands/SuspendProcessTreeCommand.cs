using System.Management.Automation;
using CrCore;
using CrCore.Live;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Stops every task of running trees until Resume-ProcessTree.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "ProcessTree", DefaultParameterSetName = IdSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrProcess))]
public sealed class SuspendProcessTreeCommand : SuspensionCommand
{
    /// <summary>In seconds.</summary>
    [Parameter]
    [ValidateRange(1, 3600)]
    public int Timeout { get; set; } = 10;

    private protected override string Action => "Suspend";

    private protected override IReadOnlyList<SuspendedTask> Work(int pid, ICrLog log, CancellationToken cancel)
        => new TreeSuspension(TimeSpan.FromSeconds(Timeout), log).Suspend(pid, cancel);
}
