using System.Management.Automation;
using CrCore;
using CrCore.Protection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Decrypts images.</summary>
[Cmdlet(VerbsSecurity.Unprotect, "CrImage", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrImageCopy))]
public sealed class UnprotectCrImageCommand : ImageCopyCommand
{
    private protected override string Action => "Unprotect";

    private protected override long Copy(string path, string destination, Action<long, long> progress, ICrLog log, CancellationToken cancel)
        => ImageProtection.Unprotect(path, destination, RequiredKey("decrypt"), Force, progress, cancel);
}
