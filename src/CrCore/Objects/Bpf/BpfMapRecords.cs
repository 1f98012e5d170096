using CrCore.Image;

namespace CrCore.Objects.Bpf;

/// <summary>Types of enum bpf_map_type (linux/bpf.h) whose contents are plain bytes.</summary>
public enum BpfMapType
{
    /// <summary>BPF_MAP_TYPE_HASH.</summary>
    Hash = 1,
    /// <summary>BPF_MAP_TYPE_ARRAY.</summary>
    Array = 2,
    /// <summary>BPF_MAP_TYPE_PERCPU_HASH.</summary>
    PerCpuHash = 5,
    /// <summary>BPF_MAP_TYPE_PERCPU_ARRAY.</summary>
    PerCpuArray = 6,
    /// <summary>BPF_MAP_TYPE_LRU_HASH.</summary>
    LruHash = 9,
    /// <summary>BPF_MAP_TYPE_LRU_PERCPU_HASH.</summary>
    LruPerCpuHash = 10,
    /// <summary>BPF_MAP_TYPE_LPM_TRIE.</summary>
    LpmTrie = 11,
    /// <summary>BPF_MAP_TYPE_QUEUE.</summary>
    Queue = 22,
    /// <summary>BPF_MAP_TYPE_STACK.</summary>
    Stack = 23,
}

/// <summary>BPF_MAP (360): a map of bpf(2) behind descriptors, at the first sight of one.</summary>
public sealed record BpfMapRecord : ISharedObject
{
    internal const short Id = 360;

    /// <summary>BPF_OBJ_NAME_LEN without its NUL.</summary>
    public const int MaxName = 15;

    internal const int MaxPayload = 8 * 4 + 8 + 4 + MaxName;

    /// <summary>MAX_BPF_STACK: no kind of map has longer keys. And an element's bytes, which one piece has to hold.</summary>
    public const int MaxKey = 512, MaxElement = BpfMapDataRecord.MaxBytes;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <summary>The framing's parent.</summary>
    public required uint ObjRef { get; init; }

    /// <summary>It decides what the numbers below may be (map_alloc_check of each type in kernel/bpf).</summary>
    public required BpfMapType MapType { get; init; }

    /// <summary>Bytes of a key: 4 for arrays, 0 for queues and stacks.</summary>
    public required uint KeySize { get; init; }

    /// <summary>Bytes of a value; of one processor's, where each has one.</summary>
    public required uint ValueSize { get; init; }

    /// <summary>Most elements; of an array all that it has.</summary>
    public required uint MaxEntries { get; init; }

    /// <summary>BPF_F_* of linux/bpf.h, those that are the map's own.</summary>
    public uint Flags { get; init; }

    /// <summary>Programs may not write into it any more by bpf(2) (BPF_MAP_FREEZE).</summary>
    public bool IsFrozen { get; init; }

    /// <summary>How many processors had a value each; 1 where all have one.</summary>
    public uint Processors { get; init; } = 1;

    /// <summary>map_extra of union bpf_attr (linux/bpf.h): only types that are not saved, Bloom filters and arenas, take another than 0.</summary>
    public ulong Extra { get; init; }

    /// <summary>At most 15 bytes (BPF_OBJ_NAME_LEN of linux/bpf.h), or empty.</summary>
    public string Name { get; init; } = "";

    /// <summary>Every processor has a value of its own for a key.</summary>
    public bool IsPerCpu => MapType is BpfMapType.PerCpuHash or BpfMapType.PerCpuArray or BpfMapType.LruPerCpuHash;

    /// <summary>Every element is always there, zero at first.</summary>
    public bool IsArray => MapType is BpfMapType.Array or BpfMapType.PerCpuArray;

    /// <summary>Elements have no keys, and who reads one takes it out.</summary>
    public bool IsQueue => MapType is BpfMapType.Queue or BpfMapType.Stack;

    /// <summary>May drop elements by itself.</summary>
    public bool ForgetsByItself => MapType is BpfMapType.LruHash or BpfMapType.LruPerCpuHash;

    /// <summary>Of a value as bpf(2) hands it over (bpf_map_value_size in kernel/bpf/syscall.c).</summary>
    public int ValueBytes => checked((int)(IsPerCpu ? (ValueSize + 7L & ~7L) * Processors : ValueSize));

    /// <summary>A key and a value as bpf(2) hands them over.</summary>
    public int ElementBytes => checked((int)KeySize + ValueBytes);

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)MapType);
        w.U32(KeySize);
        w.U32(ValueSize);
        w.U32(MaxEntries);
        w.U32(Flags);
        w.U32(IsFrozen ? 1u : 0);
        w.U32(Processors);
        w.U32(0);
        w.U64(Extra);
        w.Text(Name);
    }

    internal static BpfMapRecord Read(uint parent, ref FieldReader r)
    {
        var record = new BpfMapRecord
        {
            ObjRef = parent, MapType = (BpfMapType)r.U32(), KeySize = r.U32(), ValueSize = r.U32(), MaxEntries = r.U32(),
            Flags = r.U32(), IsFrozen = r.U32() != 0, Processors = r.U32(),
        };
        r.Pad4();
        record = record with { Extra = r.U64(), Name = r.Text(MaxName) };
        const int mostProcessors = 8192; // NR_CPUS of x86-64
        if (!Enum.IsDefined(record.MapType) || record.Processors is 0 or > mostProcessors)
            throw r.Bad($"a BPF map is of type {(int)record.MapType}, for {record.Processors} processors");
        if (record.KeySize > MaxKey || record.ValueSize > MaxElement || (record.KeySize == 0) != record.IsQueue
            || (record.IsArray && record.KeySize != sizeof(uint)) || (record.ValueSize + 7L) * record.Processors + record.KeySize > MaxElement)
            throw r.Bad($"a BPF map has keys of {record.KeySize} and values of {record.ValueSize} bytes");
        return record;
    }
}

/// <summary>BPF_MAP_DATA (361): elements of a BPF map, key and value one after the other, as many as there are bytes for.</summary>
/// <param name="Map">The map: the framing's parent.</param>
/// <param name="Bytes">A multiple of the map's element size, at most <see cref="MaxBytes"/>.</param>
public sealed record BpfMapDataRecord(uint Map, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const short Id = 361;
    internal const int MaxBytes = 256 * 1024;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => Map;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.Raw(Bytes.Span);

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    internal static BpfMapDataRecord Read(uint parent, ref FieldReader r) => new(parent, r.Raw(r.Remaining).ToArray());

    /// <inheritdoc/>
    public bool Equals(BpfMapDataRecord? other) => other is not null && Map == other.Map && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Map, Bytes.Length);
}
