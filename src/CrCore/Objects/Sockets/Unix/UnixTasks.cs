using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Credentials;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// Runs calls on the server's sockets as the task that made them once: listen(2), connect(2) and socketpair(2) note who
/// called, and the other end sees it (SO_PEERCRED of unix(7)).
/// </summary>
internal sealed class UnixTasks(DescriptorServer server)
{
    /// <summary>SECBIT_NO_SETUID_FIXUP of linux/securebits.h: capabilities stay when the effective user id changes.</summary>
    private const int KeepCapabilities = 4;

    private const int Unchanged = -1;

    /// <param name="who">The caller that is to be noted; null for whoever.</param>
    /// <param name="sockets">The server's numbers.</param>
    /// <param name="calls">Adds the calls; it gets the sockets' numbers where they run.</param>
    public void Run(SocketCredentials? who, ReadOnlySpan<int> sockets, Action<SyscallBatch, Arg[]> calls)
    {
        var task = TaskOf(who);
        var batch = new SyscallBatch();
        var here = new Arg[sockets.Length];
        Slot pidfd = default;
        if (task != server.Context.Root)
            pidfd = batch.Must("open a pidfd of the root", null, Sys.pidfd_open, server.Context.Root.VPid, 0);
        for (var i = 0; i < here.Length; i++)
            here[i] = task == server.Context.Root ? sockets[i] : batch.Must("fetch", "socket", Sys.pidfd_getfd, pidfd, sockets[i], 0);
        Become(batch, who);
        calls(batch, here);
        BecomeAgain(batch, who);
        if (task != server.Context.Root)
        {
            foreach (var number in here)
                batch.Must("close", "socket", Sys.close, number);
            batch.Must("close", "pidfd", Sys.close, pidfd);
        }
        task.Remote.Run(batch);
    }

    /// <summary>Two sockets that are connected to each other, as the server's numbers <paramref name="first"/> and <paramref name="second"/>.</summary>
    public void MakePair(SocketCredentials? who, int type, int first, int second, string label)
    {
        var task = TaskOf(who);
        var batch = new SyscallBatch();
        var made = batch.Out(8);
        Become(batch, who);
        batch.Must("make a pair of sockets", label, Sys.socketpair, SocketFamily.Unix, type | SocketType.CloseOnExec, 0, made);
        BecomeAgain(batch, who);
        task.Remote.Run(batch);
        var (a, b) = (MemoryMarshal.Read<int>(batch.Bytes(made)), MemoryMarshal.Read<int>(batch.Bytes(made)[4..]));
        if (task == server.Context.Root)
        {
            batch.Reset();
            DescriptorServer.Move(batch, label, a, first);
            DescriptorServer.Move(batch, label, b, second);
            server.Remote.Run(batch);
            return;
        }
        batch.Reset();
        var pidfd = batch.Must("open a pidfd", task, Sys.pidfd_open, task.VPid, 0);
        DescriptorServer.Move(batch, label, batch.Must("fetch", label, Sys.pidfd_getfd, pidfd, a, 0), first);
        DescriptorServer.Move(batch, label, batch.Must("fetch", label, Sys.pidfd_getfd, pidfd, b, 0), second);
        batch.Must("close", "pidfd", Sys.close, pidfd);
        server.Remote.Run(batch);
        batch.Reset();
        batch.Must("close", label, Sys.close, a);
        batch.Must("close", label, Sys.close, b);
        task.Remote.Run(batch);
    }

    /// <summary>A task with its effective ids, for a call of which nothing else tells who made it.</summary>
    public static SocketCredentials Credentials(TaskImage task)
        => task.Threads.Count > 0 && task.Threads[0].Get<CredentialsRecord>() is { } c ? new(task.VPid, c.Uid.Effective, c.Gid.Effective) : new(task.VPid, 0, 0);

    /// <summary>The task of the tree, or the root for one that is not of it.</summary>
    private RestoringTask TaskOf(SocketCredentials? who)
        => who is { Pid: > 0 and var vpid } && server.Context.Image.FindTask(vpid) is { Task.IsEnded: false } image ? server.Context.Tasks[image.Index] : server.Context.Root;

    // The effective ids are what is noted (cred_to_ucred in net/core/sock.c). A puppet's real ids let it come back. Ids that its
    // user namespace does not know are left out.
    private static void Become(SyscallBatch batch, SocketCredentials? who)
    {
        if (who is not { } c || (c.Uid == 0 && c.Gid == 0))
            return;
        batch.Try(Sys.prctl, (int)PrctlOption.SetSecureBits, KeepCapabilities);
        batch.Try(Sys.setresgid, Unchanged, c.Gid, Unchanged);
        batch.Try(Sys.setresuid, Unchanged, c.Uid, Unchanged);
    }

    private static void BecomeAgain(SyscallBatch batch, SocketCredentials? who)
    {
        if (who is not { } c || (c.Uid == 0 && c.Gid == 0))
            return;
        batch.Try(Sys.setresuid, Unchanged, 0, Unchanged);
        batch.Try(Sys.setresgid, Unchanged, 0, Unchanged);
        batch.Try(Sys.prctl, (int)PrctlOption.SetSecureBits, 0);
        DumpableFlag.Regain(batch);
    }
}
