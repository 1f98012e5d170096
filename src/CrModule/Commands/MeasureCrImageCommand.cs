using System.Management.Automation;
using CrCore.Inspection;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>How the shares of an image are added up.</summary>
public enum CrImageGrouping
{
    /// <summary>By the kind of object: pages, memory, files, …</summary>
    Kind,
    /// <summary>By task, whatever the kind.</summary>
    Task,
    /// <summary>By kind for each task.</summary>
    TaskAndKind,
}

/// <summary>Tells what takes how much of an image. Reads no page data.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "CrImage", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageMeasure))]
public sealed class MeasureCrImageCommand : ImagePathCommand
{
    /// <summary>What sizes are added up by.</summary>
    [Parameter]
    public CrImageGrouping GroupBy { get; set; }

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image) || !TryHere(path, () => ImageMeasurement.Measure(image), out var shares))
            return;
        var groups = new Dictionary<(int?, string?), List<ImageShare>>();
        foreach (var share in shares)
        {
            var key = (GroupBy == CrImageGrouping.Kind ? (int?)null : share.VPid, GroupBy == CrImageGrouping.Task ? null : share.Kind);
            if (!groups.TryGetValue(key, out var group))
                groups.Add(key, group = []);
            group.Add(share);
        }
        foreach (var ((vpid, kind), group) in groups)
            WriteObject(new CrImageMeasure(path, vpid, vpid is null ? "" : group[0].Comm, kind, group, image.Length));
    }
}
