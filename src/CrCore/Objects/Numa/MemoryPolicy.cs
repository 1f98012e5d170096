using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Numa;

/// <summary>Where memory is taken from (numa(7)): a mode of linux/mempolicy.h with its flags, and nodes.</summary>
/// <param name="Mode">MPOL_* with MPOL_F_STATIC_NODES and the like.</param>
/// <param name="Nodes">Bit n of word n / 64 is node n; no trailing words of zeros.</param>
public sealed record MemoryPolicy(uint Mode, IReadOnlyList<ulong> Nodes)
{
    /// <summary>Nodes that a kernel can be built for (CONFIG_NODES_SHIFT is at most 10).</summary>
    private const int MostNodes = 1024;

    internal const int MaxWords = MostNodes / 64;

    /// <summary>Of a policy in a record.</summary>
    public const int MaxSize = 8 + MaxWords * 8;

    /// <summary>As an argument: the kernel takes one less (get_nodes in mm/mempolicy.c).</summary>
    public const int NodeBits = MostNodes + 1;

    /// <summary>MPOL_DEFAULT: nothing was said of it.</summary>
    public bool IsDefault => Mode == 0;

    /// <inheritdoc/>
    public bool Equals(MemoryPolicy? other) => other is not null && Mode == other.Mode && Nodes.SequenceEqual(other.Nodes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, Nodes.Count);

    /// <inheritdoc/>
    public override string ToString() => $"mode 0x{Mode:x}, nodes 0x{string.Join('_', Nodes.Reverse().Select(w => w.ToString("x", System.Globalization.CultureInfo.InvariantCulture)))}";

    /// <summary>Room for the answer of get_mempolicy(2): the mode in 8 bytes, the nodes behind them.</summary>
    public static RemoteBuffer Room(SyscallBatch batch) => batch.Out(8 + MaxWords * 8);

    /// <summary>What get_mempolicy(2) left in the room.</summary>
    public static MemoryPolicy Of(SyscallBatch batch, RemoteBuffer room)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(batch.Bytes(room));
        return new((uint)words[0], words[1..].TrimEnd(0ul).ToArray());
    }

    /// <summary>The nodes, as set_mempolicy(2) and mbind(2) take them.</summary>
    public RemoteBuffer NodesFor(SyscallBatch batch)
    {
        Span<ulong> words = stackalloc ulong[MaxWords + 1];
        words.Clear();
        for (var i = 0; i < Nodes.Count; i++)
            words[i] = Nodes[i];
        return batch.In(MemoryMarshal.AsBytes(words));
    }

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(Mode);
        w.U32((uint)Nodes.Count);
        foreach (var word in Nodes)
            w.U64(word);
    }

    internal static MemoryPolicy Read(ref FieldReader r)
    {
        var mode = r.U32();
        var words = new ulong[r.Count(8)];
        if (words.Length > MaxWords)
            throw r.Bad($"a policy has {words.Length} words of nodes, more than {MaxWords}");
        for (var i = 0; i < words.Length; i++)
            words[i] = r.U64();
        return new(mode, words);
    }
}
