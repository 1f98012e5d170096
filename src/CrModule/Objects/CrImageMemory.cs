using CrCore.Inspection;

namespace CrModule;

/// <summary>Bytes of a saved task's memory, all from one source.</summary>
public sealed class CrImageMemory
{
    internal CrImageMemory(string path, int vpid, ulong address, byte[] bytes, MemorySource source, string mapping)
        => (Path, VPid, Address, Bytes, Source, Mapping) = (path, vpid, address, bytes, source, mapping);

    /// <summary>Process id in the tree's own pid namespace.</summary>
    public int VPid { get; }

    /// <summary>The first byte's address.</summary>
    public ulong Address { get; }

    /// <summary>Bytes.</summary>
    public int Length => Bytes.Length;

    /// <summary>Where the bytes come from; Missing ones are zeros here.</summary>
    public MemorySource Source { get; }

    /// <summary>What is mapped there.</summary>
    public string Mapping { get; }

    /// <summary>The bytes themselves.</summary>
    public byte[] Bytes { get; }

    /// <summary>Addresses, bytes and characters, 16 a line.</summary>
    public string HexDump => CrModule.HexDump.Of(Address, Bytes);

    /// <summary>The image.</summary>
    public string Path { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => HexDump;
}
