using System.Management.Automation;
using CrCore;
using CrCore.Protection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Encrypts images with a key or a passphrase.</summary>
[Cmdlet(VerbsSecurity.Protect, "CrImage", DefaultParameterSetName = LiteralPathSet, SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(CrImageCopy))]
public sealed class ProtectCrImageCommand : ImageCopyCommand
{
    private protected override string Action => "Protect";

    private protected override long Copy(string path, string destination, Action<long, long> progress, ICrLog log, CancellationToken cancel)
        => ImageProtection.Protect(path, destination, RequiredKey("encrypt"), Force, progress, cancel);
}
