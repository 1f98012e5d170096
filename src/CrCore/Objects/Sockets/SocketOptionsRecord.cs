using CrCore.Image;

namespace CrCore.Objects.Sockets;

/// <summary>One option as getsockopt(2) gave it.</summary>
/// <param name="Level">SOL_* or IPPROTO_*.</param>
/// <param name="Name">The option's number at this level.</param>
/// <param name="Value">In the form that setsockopt(2) takes.</param>
public sealed record SocketOptionValue(int Level, int Name, ReadOnlyMemory<byte> Value)
{
    internal const int MaxBytes = 256;

    /// <inheritdoc/>
    public bool Equals(SocketOptionValue? other)
        => other is not null && Level == other.Level && Name == other.Name && Value.Span.SequenceEqual(other.Value.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Level, Name, Value.Length);
}

/// <summary>SOCKET_OPTIONS (500): the options of a socket, of all levels, in the order in which they are to be set.</summary>
/// <param name="Values">May be of several levels.</param>
public sealed record SocketOptionsRecord(IReadOnlyList<SocketOptionValue> Values) : ICrRecord
{
    private const int MaxCount = 256;

    /// <summary>Level, name, length.</summary>
    private const int FixedSize = 12;

    internal const int MaxSize = 4 + MaxCount * (FixedSize + SocketOptionValue.MaxBytes);

    /// <inheritdoc/>
    public short Type => SocketRecords.Options;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Values.Count);
        foreach (var v in Values)
        {
            w.I32(v.Level);
            w.I32(v.Name);
            w.Blob(v.Value.Span);
        }
    }

    internal static SocketOptionsRecord Read(uint parent, ref FieldReader r)
    {
        var count = r.Count(FixedSize);
        var values = new List<SocketOptionValue>(count);
        for (var i = 0; i < count; i++)
            values.Add(new(r.I32(), r.I32(), r.Blob(SocketOptionValue.MaxBytes)));
        return new(values);
    }

    /// <inheritdoc/>
    public bool Equals(SocketOptionsRecord? other) => other is not null && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => Values.Count;
}

/// <summary>SOCKET_FILTER (501): the classic BPF program on a socket (SO_ATTACH_FILTER), in the kernel's form.</summary>
/// <param name="Instructions">8 bytes each (struct sock_filter of linux/filter.h).</param>
public sealed record SocketFilterRecord(ReadOnlyMemory<byte> Instructions) : ICrRecord
{
    internal const int InstructionSize = 8;

    /// <summary>BPF_MAXINSNS instructions (linux/bpf_common.h).</summary>
    public const int MaxSize = 4 + 4096 * InstructionSize;

    /// <inheritdoc/>
    public short Type => SocketRecords.Filter;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => w.Blob(Instructions.Span);

    internal static SocketFilterRecord Read(uint parent, ref FieldReader r)
    {
        var bytes = r.Blob(MaxSize - 4);
        return bytes.Length > 0 && bytes.Length % InstructionSize == 0 ? new(bytes) : throw r.Bad($"a socket's filter has {bytes.Length} bytes");
    }

    /// <inheritdoc/>
    public bool Equals(SocketFilterRecord? other) => other is not null && Instructions.Span.SequenceEqual(other.Instructions.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => Instructions.Length;
}
