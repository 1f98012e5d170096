using System.Management.Automation;
using CrCore.Image;
using CrCore.Inspection;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Lists an image's records as they stand in it, decoded and, if asked for, raw.</summary>
[Cmdlet(VerbsCommon.Get, "CrImageRecord", DefaultParameterSetName = LiteralPathSet)]
[OutputType(typeof(CrImageRecord))]
public sealed class GetCrImageRecordCommand : ImagePathCommand
{
    private WildcardPattern[] _names = [];

    /// <summary>Names of records, wildcards allowed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(RecordNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Tasks whose records are wanted.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, ImageLimits.MaxPid)]
    [ArgumentCompleter(typeof(ImageTaskCompleter))]
    public int[] VPid { get; set; } = [];

    /// <summary>With the records' bytes.</summary>
    [Parameter]
    public SwitchParameter Raw { get; set; }

    /// <summary>Also the page blocks and what stands behind them: the whole image is read and checked.</summary>
    [Parameter]
    public SwitchParameter IncludePage { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
        => _names = Array.ConvertAll(Name, n => WildcardPattern.Get(n, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant));

    private protected override void ProcessImage(string path)
    {
        if (!TryOpen(path, out var image))
            return;
        foreach (var vpid in VPid)
            if (image.Model.FindTask(vpid) is null)
                WriteNoTask(path, vpid);
        TryStream(path, () => image.ReadRecords(IncludePage), placed =>
        {
            byte[]? raw = null;
            if (IsWanted(placed) && (!Raw || TryHere(path, () => image.ReadRaw(placed.Record), out raw)))
                WriteObject(new CrImageRecord(path, placed, raw));
        });
    }

    private bool IsWanted(in PlacedRecord placed)
    {
        var name = placed.Record.Type.Name;
        return (VPid.Length == 0 || Array.IndexOf(VPid, placed.VPid) >= 0) && (_names.Length == 0 || Array.Exists(_names, n => n.IsMatch(name)));
    }
}
