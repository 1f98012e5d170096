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
public sealed class TestCrImageCommand : ImagePathCommand
{
    /// <summary>Write what was found instead of true or false.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <summary>Also ask whether the image could be restored on this machine now.</summary>
    [Parameter]
    public SwitchParameter Restore { get; set; }

    /// <summary>With -Restore: into a fresh pid namespace.</summary>
    [Parameter]
    public SwitchParameter NewPidNamespace { get; set; }

    /// <summary>With -Restore: accept files that have changed.</summary>
    [Parameter]
    public SwitchParameter AcceptChangedFile { get; set; }

    /// <summary>With -Restore: as of Restore-ProcessTree.</summary>
    [Parameter]
    public TerminalPolicy Terminal { get; set; } = new RestoreOptions().Terminal;

    private protected override void ProcessImage(string path)
    {
        if (!TryRun(path, (log, progress, cancel) => Check(path, log, progress, cancel), out var findings))
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

    private List<CrFinding> Check(string path, ICrLog log, IProgress<CrProgress> progress, CancellationToken cancel)
    {
        var findings = new List<CrFinding>();
        try
        {
            using var reader = ImageReader.Open(path, key: Key);
            var pages = ImageVerification.Verify(reader, done => progress.Report(new("Test", "Reading the image", done, 0)), cancel);
            findings.Add(new CrFinding(path, "Integrity", CrFindingStatus.Passed, $"every byte was read and matches its checksum; {pages} pages of memory"));
        }
        catch (CrImageException e)
        {
            findings.Add(new CrFinding(path, "Integrity", CrFindingStatus.Failed, e.Message, e.Id, e.Offset < 0 ? null : $"byte {e.Offset}", e.Advice));
            return findings;
        }
        if (Restore)
            CheckRestore(path, findings, log, progress, cancel);
        return findings;
    }

    private void CheckRestore(string path, List<CrFinding> findings, ICrLog log, IProgress<CrProgress> progress, CancellationToken cancel)
    {
        var options = new RestoreOptions { NewPidNamespace = NewPidNamespace, AcceptChangedFiles = AcceptChangedFile, Terminal = Terminal, Key = Key };
        try
        {
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
