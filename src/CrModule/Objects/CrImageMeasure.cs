using CrCore.Image;
using CrCore.Inspection;

namespace CrModule;

/// <summary>How much of an image something takes.</summary>
public sealed class CrImageMeasure
{
    internal CrImageMeasure(string path, int? vpid, string comm, string? kind, IReadOnlyList<ImageShare> shares, long total)
    {
        (Path, VPid, Comm, Kind) = (path, vpid, comm, kind);
        foreach (var share in shares)
        {
            Records += share.Records;
            Length += share.Bytes;
            PageCount += share.PageCount;
        }
        Percent = total == 0 ? 0 : Math.Round(100.0 * Length / total, 2);
    }

    /// <summary>The task; 0 for what belongs to the image as a whole or to several tasks; null where tasks are not told apart.</summary>
    public int? VPid { get; }

    /// <summary>The task's name; empty where tasks are not told apart.</summary>
    public string Comm { get; }

    /// <summary>The kind of object (Memory, Files, Pages, …); null where kinds are not told apart.</summary>
    public string? Kind { get; }

    /// <summary>Records and page blocks.</summary>
    public long Records { get; }

    /// <summary>Bytes in the image.</summary>
    public long Length { get; }

    /// <summary>Of the image's length.</summary>
    public double Percent { get; }

    /// <summary>Pages of memory that are stored.</summary>
    public long PageCount { get; }

    /// <summary>Bytes of memory that these pages are.</summary>
    public long PageLength => PageCount * ImageFormat.PageSize;

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => $"{VPid} {Kind}: {Length}".TrimStart();
}
