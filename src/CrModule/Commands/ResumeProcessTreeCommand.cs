using System.Management.Automation;
using CrCore;
using CrCore.Live;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lets the stopped tasks of running trees go on.</summary>
[Cmdlet(VerbsLifecycle.Resume, "ProcessTree", DefaultParameterSetName = IdSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrProcess))]
public sealed class ResumeProcessTreeCommand : SuspensionCommand
{
    private protected override string Action => "Resume";

    private protected override IReadOnlyList<SuspendedTask> Work(int pid, ICrLog log, CancellationToken cancel)
        => new TreeSuspension(TimeSpan.Zero, log).Resume(pid, cancel);
}
