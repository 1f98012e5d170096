using System.Management.Automation;
using CrCore;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Restore;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells whether images are whole and, if asked, whether they could be restored here and now.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CrImage", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(bool), typeof(CrFinding))]
public sealed class TestCrImageCommand : RestorePolicyCommand
{
    /// <summary>Write what was found instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Also ask whether the image could be restored on this machine now.</summary>
    [Parameter]
    public SwitchParameter Restore { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryHere(path, () => Policies, out var options))
            return;
        if (!TryRun(path, (log, progress, cancel) => Check(path, options, log, progress, cancel), out var findings))
            return;
        if (Detailed)
        {
            WriteObject(findings, enumerateCollection: true);
            return;
        }
        foreach (var finding in findings)
            if (finding.Status != CrFindingStatus.Passed)
                WriteVerbose(finding.ToString());
        WriteObject(!findings.Exists(f => f.Status == CrFindingStatus.Failed));
    }

    private List<CrFinding> Check(string path, RestoreOptions options, ICrLog log, IProgress<CrProgress> progress, CancellationToken cancel)
    {
        var findings = new List<CrFinding>();
        try
        {
            log.Verbose($"Reading every byte of '{path}'.");
            using var reader = ImageReader.Open(path, key: options.Key, cancel: cancel);
            var read = ImageVerification.Verify(reader, done => progress.Report(new("Test", "Reading the image", done, 0)), cancel);
            log.Debug($"'{path}': {read.Pages} pages, all records and the tail {(read.HasChecksums ? "match their checksums" : "are as the format wants them; there are no checksums")}.");
            findings.Add(new CrFinding(path, "Integrity", CrFindingStatus.Passed, $"every byte was read and {(read.HasChecksums ? "matches its checksum" : "fits the format, of which revision 3 has no checksums")}; {read.Pages} pages of memory"));
        }
        catch (CrImageException e)
        {
            findings.Add(new CrFinding(path, "Integrity", CrFindingStatus.Failed, e.Message, e.Id, e.Offset < 0 ? null : $"byte {e.Offset}", e.Advice));
            return findings;
        }
        if (Restore)
            CheckRestore(path, options, findings, log, progress, cancel);
        return findings;
    }

    private void CheckRestore(string path, RestoreOptions options, List<CrFinding> findings, ICrLog log, IProgress<CrProgress> progress, CancellationToken cancel)
    {
        try
        {
            log.Verbose($"Making the plan of a restore of '{path}', and asking this machine about it.");
            var preview = new TreeRestore(options, log, progress).Preview(path, cancel);
            foreach (var obstacle in preview.Obstacles)
                findings.Add(new CrFinding(path, "Restore", obstacle));
            if (preview.CanProceed)
                findings.Add(new CrFinding(path, "Restore", CrFindingStatus.Passed, $"{preview.Tasks.Count} tasks could be restored here now"));
        }
        catch (CrImageException e)
        {
            findings.Add(new CrFinding(path, "Restore", CrFindingStatus.Failed, e.Message, e.Id, null, e.Advice));
        }
    }
}
