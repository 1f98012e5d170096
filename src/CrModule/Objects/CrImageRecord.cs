using System.Management.Automation;
using CrCore.Image;
using CrCore.Inspection;

namespace CrModule;

/// <summary>A record of an image: where it stands, and what it says.</summary>
public sealed class CrImageRecord
{
    private readonly ICrRecord _record;

    internal CrImageRecord(string path, in PlacedRecord placed, byte[]? raw)
    {
        var record = placed.Record;
        (Path, Raw) = (path, raw);
        (Offset, Length) = (record.Offset, record.Length);
        Id = record.Type.Id;
        Name = record.Type.Name;
        Kind = RecordListing.KindOf(Id);
        Parent = record.Value.Parent;
        VPid = placed.VPid == 0 ? null : placed.VPid;
        VTid = placed.VTid == 0 ? null : placed.VTid;
        _record = record.Value;
    }

    /// <summary>Of its header, in bytes from the image's start.</summary>
    public long Offset { get; }

    /// <summary>Bytes up to the next record.</summary>
    public long Length { get; }

    /// <summary>The id in the framing.</summary>
    public short Id { get; }

    /// <summary>The name that docs/image-format.md gives it.</summary>
    public string Name { get; }

    /// <summary>The kind of object that it belongs to: Memory, Files, Signals, …; Frame for the format's own.</summary>
    public string Kind { get; }

    /// <summary>The framing's parent field: a task, a thread or an object's reference.</summary>
    public uint Parent { get; }

    /// <summary>The task in whose part it stands; null for what belongs to the image as a whole.</summary>
    public int? VPid { get; }

    /// <summary>The thread in whose part it stands; else null.</summary>
    public int? VTid { get; }

    /// <summary>What it says: its fields as properties, bytes as hexadecimal text.</summary>
    public PSObject Record => RecordFields.Of(_record);

    /// <summary>Its bytes in the image, with -Raw; else null. Of page blocks, those before the pages.</summary>
    public byte[]? Raw { get; }

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>The record as the engine decodes it, for .NET programs.</summary>
    public ICrRecord GetRecord() => _record;

    /// <summary>What it says in one line, as the table shows it; a method, so that it stands in no list and no JSON.</summary>
    public string RecordText() => RecordFields.Line(_record);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} at {Offset}";
}
