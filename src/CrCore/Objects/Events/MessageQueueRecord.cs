using CrCore.Image;

namespace CrCore.Objects.Events;

/// <summary>MESSAGE_QUEUE (351): the POSIX message queue behind descriptors (mq_overview(7)), at the first sight of one.</summary>
/// <param name="ObjRef">The reference: the framing's parent.</param>
/// <param name="MaxMessages">As mq_getattr(3) tells them, like the two that follow.</param>
/// <param name="MessageSize">Bytes of the largest message.</param>
/// <param name="Messages">Messages that wait in it.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
/// <param name="IsUnlinked">Its name is gone (mq_unlink(3)).</param>
/// <param name="IsOwn">It lives in an IPC namespace of the tree's own.</param>
public sealed record MessageQueueRecord(uint ObjRef, long MaxMessages, long MessageSize, long Messages, uint Mode, uint Uid, uint Gid, bool IsUnlinked, bool IsOwn) : ISharedObject
{
    internal const short Id = 351;
    internal const int PayloadSize = 44;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(MaxMessages);
        w.I64(MessageSize);
        w.I64(Messages);
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.U32(IsUnlinked ? 1u : 0);
        w.U32(IsOwn ? 1u : 0);
    }

    internal static MessageQueueRecord Read(uint parent, ref FieldReader r)
    {
        var record = new MessageQueueRecord(parent, r.I64(), r.I64(), r.I64(), r.U32(), r.U32(), r.U32(), r.U32() != 0, r.U32() != 0);
        return record is { MaxMessages: > 0, MessageSize: > 0, Messages: >= 0 } && record.Messages <= record.MaxMessages ? record
            : throw r.Bad($"a message queue has {record.Messages} of {record.MaxMessages} messages of {record.MessageSize} bytes");
    }
}
