using System.Management.Automation;
using System.Security.Cryptography;
using CrShell.Commands.Items;
using CrShell.Commands.Objects;

namespace CrShell.Commands.Data;

/// <summary>A file's hash.</summary>
public sealed record FileHashInfo(string Algorithm, string Hash, string Path);

/// <summary>Get-FileHash: SHA256, SHA384, SHA512 or MD5 of files.</summary>
[Cmdlet(VerbsCommon.Get, "FileHash", DefaultParameterSetName = "Path")]
[OutputType(typeof(FileHashInfo))]
public sealed class GetFileHashCommand : PathCommand
{
    [Parameter(Position = 1)]
    [ValidateSet("SHA256", "SHA384", "SHA512", "MD5")]
    public string Algorithm { get; set; } = "SHA256";

    protected override void Process(string path)
    {
        foreach (var file in Files(path))
        {
            using var stream = File.OpenRead(file);
            var hash = CryptographicOperations.HashData(new HashAlgorithmName(Algorithm.ToUpperInvariant()), stream);
            WriteObject(new FileHashInfo(Algorithm.ToUpperInvariant(), Convert.ToHexString(hash), file).As(EngineView.FileHash));
        }
    }
}
