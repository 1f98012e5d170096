using System.Management.Automation;
using CrCore.Live;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells what this kernel and the rights of this shell allow.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CrHost")]
[OutputType(typeof(bool), typeof(CrFinding))]
public sealed class TestCrHostCommand : CrCmdlet
{
    /// <summary>Write what was found about each feature instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var works = true;
        var complete = TryStream(null, HostFeatures.Probe, feature =>
        {
            var finding = Finding(feature);
            WriteDebug($"{feature.Name}: {(feature.IsAvailable ? "there" : "not there")}; {feature.Detail}; needed for: {feature.Need}.");
            works &= finding.Status != CrFindingStatus.Failed;
            if (Detailed)
                WriteObject(finding);
            else if (finding.Status != CrFindingStatus.Passed)
                WriteVerbose(finding.ToString());
        });
        WriteVerbose($"Checkpoint and restore {(works ? "work" : "do not both work")} here.");
        if (complete && !Detailed)
            WriteObject(works);
    }

    private static CrFinding Finding(HostFeature feature)
    {
        if (feature.IsAvailable)
            return new CrFinding(null, feature.Name, CrFindingStatus.Passed, feature.Detail);
        var status = feature.Need == HostNeed.Sometimes ? CrFindingStatus.Warning : CrFindingStatus.Failed;
        return new CrFinding(null, feature.Name, status, $"{feature.Detail}; not possible: {feature.Lost}", "CrHostFeatureMissing", null, feature.Advice);
    }
}
