using System.Management.Automation;
using CrCore.Image;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Tells what an image says of itself. Reads no page data.</summary>
[Cmdlet(VerbsCommon.Get, "CrImageHeader", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageHeader))]
public sealed class GetCrImageHeaderCommand : ImagePathCommand
{
    private protected override void ProcessImage(string path)
    {
        if (TryReadModel(path, out var model))
            WriteObject(new CrImageHeader(path, model, Key is not null));
    }
}
