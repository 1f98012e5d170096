using CrCore.Image;

namespace CrCore.Objects.Ipc;

/// <summary>
/// POSIX_QUEUE (456), at the root of a tree with an IPC namespace of its own: a message queue with a name (mq_overview(7)), open or
/// not. Its messages follow.
/// </summary>
/// <param name="VPid">The root: the framing's parent.</param>
/// <param name="Name">With its slash.</param>
/// <param name="MaxMessages">Messages that it holds at most.</param>
/// <param name="MessageSize">Bytes of the largest message.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group of the owner.</param>
public sealed record PosixQueueRecord(int VPid, string Name, long MaxMessages, long MessageSize, uint Mode, uint Uid, uint Gid) : ICrRecord
{
    /// <summary>NAME_MAX of linux/limits.h, and the slash.</summary>
    private const int MaxName = 256;

    internal const int MaxPayload = 28 + 4 + MaxName;

    /// <inheritdoc/>
    public short Type => IpcRecordIds.PosixQueue;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I64(MaxMessages);
        w.I64(MessageSize);
        w.U32(Mode);
        w.U32(Uid);
        w.U32(Gid);
        w.Text(Name);
    }

    internal static PosixQueueRecord Read(uint parent, ref FieldReader r)
    {
        var (messages, size, mode, uid, gid) = (r.I64(), r.I64(), r.U32(), r.U32(), r.U32());
        var queue = new PosixQueueRecord((int)parent, r.Text(MaxName), messages, size, mode, uid, gid);
        return messages > 0 && size is > 0 and <= int.MaxValue && mode <= 0xfff && queue.Name.Length > 1 && queue.Name.LastIndexOf('/') == 0 ? queue
            : throw r.Bad($"the message queue {queue.Name} has {messages} messages of {size} bytes and the mode {mode:x}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"message queue {Name}";
}
