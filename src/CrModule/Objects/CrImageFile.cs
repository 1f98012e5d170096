using System.Management.Automation;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Objects.Files;

namespace CrModule;

/// <summary>A descriptor of a saved task: an open file, socket, pipe end, …</summary>
public sealed class CrImageFile
{
    private readonly ICrRecord[] _records;

    internal CrImageFile(string path, ImageDescriptor descriptor)
    {
        var data = descriptor.Saved.Data;
        Path = path;
        (VPid, Comm) = (descriptor.Task.VPid, descriptor.Task.Comm);
        Fd = descriptor.Fd;
        Type = data.FdType;
        Name = descriptor.Saved.Name;
        Access = descriptor.Access;
        OpenFlags = data.Flags;
        Position = data.Position;
        CloseOnExec = descriptor.CloseOnExec;
        Details = descriptor.Details;
        Description = data.ObjRef;
        _records = [data, .. descriptor.Saved.Records];
    }

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>The descriptor's number.</summary>
    public int Fd { get; }

    /// <summary>The kind of the open file.</summary>
    public FdType Type { get; }

    /// <summary>The path, or what people should see of an object without one.</summary>
    public string Name { get; }

    /// <summary>r, w or rw as it was opened; path for O_PATH.</summary>
    public string Access { get; }

    /// <summary>The flags of open(2).</summary>
    public uint OpenFlags { get; }

    /// <summary>Where the next read or write takes place, in bytes.</summary>
    public ulong Position { get; }

    /// <summary>Whether execve(2) closes it (FD_CLOEXEC).</summary>
    public bool CloseOnExec { get; }

    /// <summary>A socket's addresses, who has the other ends of a pipe (task:descriptor), …; or empty.</summary>
    public string Details { get; }

    /// <summary>The open file description: the same number wherever it is shared.</summary>
    public uint Description { get; }

    /// <summary>What the image says of the description: the fields of each record as properties, bytes as hexadecimal text.</summary>
    public IReadOnlyList<PSObject> Records => Array.ConvertAll(_records, RecordFields.Of);

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>The same records as the engine decodes them, for .NET programs.</summary>
    public IReadOnlyList<ICrRecord> GetRecords() => _records;

    /// <inheritdoc/>
    public override string ToString() => $"{Fd} ({Name})";
}
