using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Hands a descriptor of this process to a puppet, in a message (SCM_RIGHTS, unix(7)): the puppet, in whichever
/// namespaces and of whichever user, need not be allowed to look into this process.
/// </summary>
internal static class DescriptorHandover
{
    private const int VectorAt = 16, ControlAt = 32;

    /// <summary>Makes <paramref name="own"/> the server's <paramref name="number"/>.</summary>
    public static void Hand(DescriptorServer server, OwnDescriptor own, int number, string label)
    {
        var fd = Give(server.Context.Root, own, label);
        var batch = new SyscallBatch();
        DescriptorServer.Move(batch, label, fd, number);
        server.Remote.Run(batch);
    }

    /// <returns>The number that it has in the task, the first that was free; close-on-exec.</returns>
    public static int Give(RestoringTask task, OwnDescriptor own, string label)
    {
        var batch = new SyscallBatch();
        var made = batch.Out(2 * sizeof(int));
        batch.Must("make a pair of sockets for", label, Sys.socketpair, SocketFamily.Unix, SocketType.Datagram | SocketType.CloseOnExec, 0, made);
        task.Remote.Run(batch);
        var (receiver, sender) = (MemoryMarshal.Read<int>(batch.Bytes(made)), MemoryMarshal.Read<int>(batch.Bytes(made)[sizeof(int)..]));
        using (var mine = DescriptorServer.Borrow(task, sender, label))
        {
            var n = SocketMessages.Send(mine, [0], [], [own]);
            if (n < 0)
                throw new CrKernelException("CrDescriptorUnreachable", $"Handing {label} to task {task}", (Errno)(-n)) { Object = label };
        }
        return Receive(task, receiver, sender, label);
    }

    private static int Receive(RestoringTask task, int receiver, int sender, string label)
    {
        var batch = new SyscallBatch();
        var vector = batch.In(new RemoteRange(0, 1));
        batch.Pointer(vector, batch.Out(1));
        var control = batch.Out(ControlHeader.Size + 2 * sizeof(int));
        var header = batch.In(new MessageHeader { VectorLength = 1, ControlLength = (ulong)control.Length });
        batch.Pointer(header.Skip(VectorAt), vector);
        batch.Pointer(header.Skip(ControlAt), control);
        batch.Must("receive", label, Sys.recvmsg, receiver, header, MessageHeader.DontWait | MessageHeader.CloseOnExec);
        batch.Must("close", label, Sys.close, receiver);
        batch.Must("close", label, Sys.close, sender);
        task.Remote.Run(batch);
        var (head, fd) = (batch.Read<ControlHeader>(control), MemoryMarshal.Read<int>(batch.Bytes(control)[ControlHeader.Size..]));
        if (head is not { Level: SocketLevel.Socket, Type: ControlHeader.Rights })
            throw new CrTargetException("CrDescriptorUnreachable", $"Task {task} did not receive {label}.", "A security module of the kernel may forbid it.") { Object = label };
        return fd;
    }
}
