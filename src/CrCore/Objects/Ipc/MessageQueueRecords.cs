using CrCore.Image;

namespace CrCore.Objects.Ipc;

/// <summary>SYSV_QUEUE (452), at the root of a tree with an IPC namespace of its own: a queue of msgget(2). Its messages follow.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Name">What it is called and whose it is.</param>
/// <param name="MaxBytes">Bytes that it may hold (msg_qbytes of msgctl(2)).</param>
public sealed record SystemVQueueRecord(int VPid, SystemVName Name, ulong MaxBytes) : ICrRecord
{
    internal const int PayloadSize = SystemVName.Size + 8;

    /// <inheritdoc/>
    public short Type => IpcRecordIds.MessageQueue;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        Name.Write(ref w);
        w.U64(MaxBytes);
    }

    internal static SystemVQueueRecord Read(uint parent, ref FieldReader r) => new((int)parent, SystemVName.Read(ref r), r.U64());

    /// <inheritdoc/>
    public override string ToString() => $"message queue {Name}";
}

/// <summary>QUEUED_MESSAGE (453), behind its SYSV_QUEUE or POSIX_QUEUE, in their order.</summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="MessageType">The type, as msgsnd(2) takes it, or the priority of mq_send(3).</param>
/// <param name="Continues">Its bytes go on in the next record.</param>
/// <param name="Bytes">All of it, or a piece.</param>
public sealed record QueuedMessageRecord(int VPid, long MessageType, bool Continues, ReadOnlyMemory<byte> Bytes) : IContentRecord
{
    internal const int MaxBytes = 256 * 1024;

    internal const int MaxPayload = 16 + MaxBytes;

    /// <inheritdoc/>
    public short Type => IpcRecordIds.Message;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    ReadOnlyMemory<byte> IContentRecord.Contents => Bytes;

    ICrRecord IContentRecord.WithContents(ReadOnlyMemory<byte> contents) => this with { Bytes = contents };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(MessageType);
        w.Flag(Continues);
        w.Raw(Bytes.Span);
    }

    internal static QueuedMessageRecord Read(uint parent, ref FieldReader r)
    {
        var type = r.I64();
        return type >= 0 ? new((int)parent, type, r.Flag(), r.Raw(r.Remaining).ToArray()) : throw r.Bad($"a message has the type {type}");
    }

    /// <inheritdoc/>
    public bool Equals(QueuedMessageRecord? other)
        => other is not null && (VPid, MessageType, Continues) == (other.VPid, other.MessageType, other.Continues) && Bytes.Span.SequenceEqual(other.Bytes.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(VPid, MessageType, Bytes.Length);
}
