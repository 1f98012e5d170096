using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Events;

/// <summary>
/// Opens all descriptions of a queue at once, while it has a name: mq_open(2) gives them the flags that a program sees, with
/// O_CLOEXEC where it was asked for and without O_LARGEFILE; open(2) of its file does not. What a program had opened by open(2) is opened so again.
/// </summary>
internal static class MessageQueueOpening
{
    private const uint OwnerOnly = 0x180;

    public static void All(DescriptorServer server, SavedDescription first, MessageQueueRecord queue)
    {
        // The system call takes the name without the slash that mq_open(3) wants (ipc/mqueue.c).
        var (name, keeper) = (first.Name[1..], server.Reserve());
        if (!queue.IsUnlinked)
            Create(server, first, queue, name, keeper, 0);
        else if (!TryCreate(server, queue, name, keeper))
            // Another one has that name now: no matter, for it goes at once.
            Create(server, first, queue, name = $"{name}.cr{Guid.NewGuid():N}", keeper, OpenFlags.Exclusive);
        var batch = new SyscallBatch();
        foreach (var saved in server.Files.Descriptions)
            if (saved.Data.FdType == FdType.MessageQueue && saved.Data.Object == queue.ObjRef)
                Open(server, saved, name, keeper, batch);
        if (queue.IsUnlinked)
            batch.Must("unlink the message queue", first.Label, Sys.mq_unlink, batch.Text(name));
        batch.Must("set the owner of", first.Label, Sys.fchown, keeper, queue.Uid, queue.Gid);
        batch.Must("set the permissions of", first.Label, Sys.fchmod, keeper, queue.Mode);
        server.Remote.Run(batch);
    }

    private static bool TryCreate(DescriptorServer server, MessageQueueRecord queue, string name, int keeper)
    {
        var batch = new SyscallBatch();
        var opened = batch.Try(Sys.mq_open, batch.Text(name), OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec, OwnerOnly, Shape(queue, batch));
        server.Remote.Run(batch);
        if (batch.Result(opened) < 0)
            return false;
        var moving = new SyscallBatch();
        DescriptorServer.Move(moving, name, batch.Result(opened), keeper);
        server.Remote.Run(moving);
        return true;
    }

    /// <summary>The description that the others are opened beside, with the rights of the first of them.</summary>
    private static void Create(DescriptorServer server, SavedDescription first, MessageQueueRecord queue, string name, int keeper, uint flags)
    {
        var batch = new SyscallBatch();
        var access = queue.IsUnlinked ? OpenFlags.ReadWrite : first.Data.Flags & OpenFlags.AccessMode;
        var opened = batch.Must("open the message queue", first.Label, Sys.mq_open, batch.Text(name), access | OpenFlags.Create | OpenFlags.CloseOnExec | flags, OwnerOnly, Shape(queue, batch));
        DescriptorServer.Move(batch, first.Label, opened, keeper);
        server.Remote.Run(batch);
    }

    private static void Open(DescriptorServer server, SavedDescription saved, string name, int keeper, SyscallBatch batch)
    {
        if ((saved.Data.Flags & OpenFlags.LargeFile) != 0)
        {
            server.Reopen(saved, keeper, saved.Data.Flags, batch);
            return;
        }
        var opened = batch.Must("open the message queue", saved.Label, Sys.mq_open, batch.Text(name), saved.Data.Flags & (OpenFlags.AccessMode | OpenFlags.NonBlock | OpenFlags.CloseOnExec), 0, 0);
        DescriptorServer.Move(batch, saved.Label, opened, server.NumberOf(saved));
    }

    private static RemoteBuffer Shape(MessageQueueRecord queue, SyscallBatch batch)
    {
        Span<long> attributes = [0, queue.MaxMessages, queue.MessageSize, 0, 0, 0, 0, 0];
        return batch.In(MemoryMarshal.AsBytes(attributes));
    }
}
