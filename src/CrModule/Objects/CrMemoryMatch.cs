using CrCore.Inspection;

namespace CrModule;

/// <summary>A place in saved memory where what was looked for was found.</summary>
public sealed class CrMemoryMatch
{
    internal CrMemoryMatch(string path, MemoryMatch match)
    {
        Path = path;
        VPid = match.Task?.VPid;
        Comm = match.Task?.Comm ?? "";
        Address = match.Address;
        Bytes = match.Bytes;
        if (match is { Task: { } task, Mapping: { } mapping })
            (Rights, Mapping) = (MappingText.Rights(mapping.Vma), MappingText.Name(task, mapping));
    }

    /// <summary>Process id in the tree's own pid namespace; null for shared memory that no task has mapped.</summary>
    public int? VPid { get; }

    /// <summary>The task's name, at most 15 bytes.</summary>
    public string Comm { get; }

    /// <summary>The first byte's address; in memory that no task has mapped, its offset.</summary>
    public ulong Address { get; }

    /// <summary>Bytes that match.</summary>
    public int Length => Bytes.Length;

    /// <summary>What was found.</summary>
    public byte[] Bytes { get; }

    /// <summary>The same as text: ASCII, a point for every other byte.</summary>
    public string Text => HexDump.Printable(Bytes);

    /// <summary>The mapping's rights, as in /proc/PID/maps.</summary>
    public string Rights { get; } = "";

    /// <summary>What is mapped there.</summary>
    public string Mapping { get; } = "";

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => $"{VPid} {Address:x}: {Text}";
}
