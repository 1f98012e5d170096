using CrCore.Inspection;

namespace CrModule;

/// <summary>One difference between two images.</summary>
public sealed class CrImageDifference
{
    internal CrImageDifference(string referencePath, string differencePath, ImageDifference difference)
    {
        (ReferencePath, DifferencePath) = (referencePath, differencePath);
        (VPid, Comm, Kind, Change) = (difference.VPid, difference.Comm, difference.Kind, difference.Change);
        (Item, Property, Reference, Difference) = (difference.Item, difference.Property, RecordFields.Shown(difference.Reference), RecordFields.Shown(difference.Difference));
    }

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The name of the task concerned; empty for none.</summary>
    public string Comm { get; }

    /// <summary>What it is about.</summary>
    public DifferenceKind Kind { get; }

    /// <summary>Whether the second image has it in addition, lacks it, or has it differently.</summary>
    public DifferenceChange Change { get; }

    /// <summary>The mapping, descriptor, record or range of pages.</summary>
    public string Item { get; }

    /// <summary>Which property of the item; empty for the whole of it.</summary>
    public string Property { get; }

    /// <summary>What the first image has, as the fields of records are shown; null where it has none.</summary>
    public object? Reference { get; }

    /// <summary>What the second image has; null where it has none.</summary>
    public object? Difference { get; }

    /// <summary>The first image.</summary>
    public string ReferencePath { get; }

    /// <summary>The image that was compared with it.</summary>
    public string DifferencePath { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{VPid} ({Comm}): {Kind} {Item} {Property} {Change}";
}
