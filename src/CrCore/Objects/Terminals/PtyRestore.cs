using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>Descriptions of the tree's own pseudo-terminals, made by the server.</summary>
internal static class PtyRestore
{
    public static void Master(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        batch.Must("take the master", saved.Label, Sys.dup3, server.Context.ServedDescriptors[saved.Data.Object], server.NumberOf(saved), OpenFlags.CloseOnExec);
        server.SetFlags(saved, batch);
    }

    public static void Slave(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
        => OpenPeer(server, saved, server.Context.ServedDescriptors[saved.Data.Object], batch);

    /// <summary>A slave whose master is closed at once: to be hung up is all that it can be.</summary>
    public static void HungUp(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var master = batch.Must("make a pseudo-terminal", saved.Label, Sys.openat, FileNative.AT_FDCWD, batch.Text("/dev/ptmx"),
            OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec, 0);
        batch.Must("unlock", saved.Label, Sys.ioctl, master, TerminalCalls.SetLock, batch.In(0L));
        OpenPeer(server, saved, master, batch);
        batch.Must("close the master", saved.Label, Sys.close, master);
    }

    /// <summary>Without O_CLOEXEC, which this call, unlike open(2), leaves among the open file's own flags (ptm_open_peer in drivers/tty/pty.c).</summary>
    private static void OpenPeer(DescriptorServer server, SavedDescription saved, Arg master, SyscallBatch batch)
        => DescriptorServer.Move(batch, saved.Label, batch.Must("open the slave", saved.Label, Sys.ioctl, master, TerminalCalls.GetPeer,
            OpenFlags.Reopening(saved.Data.Flags)), server.NumberOf(saved));

    /// <summary>/dev/tty stands for another terminal in each session: a task that has the right one opens it for the server.</summary>
    public static void Controlling(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        if (Opener(server.Context, saved) is not { } opener)
        {
            // Nobody has it as controlling terminal any more; the terminal itself does the same.
            Slave(server, saved, batch);
            return;
        }
        if (opener == server.Context.Root)
        {
            server.Open(saved, saved.Name, flags, batch);
            return;
        }
        var own = new SyscallBatch();
        var fd = own.Must("open", saved.Label, Sys.openat, FileNative.AT_FDCWD, own.Text(saved.Name), flags | OpenFlags.CloseOnExec, 0);
        opener.Remote.Run(own);
        var task = batch.Must("open a pidfd of", opener, Sys.pidfd_open, opener.VPid, 0);
        DescriptorServer.Move(batch, saved.Label, batch.Must("fetch", saved.Label, Sys.pidfd_getfd, task, own.Result(fd), 0), server.NumberOf(saved));
        batch.Must("close the pidfd of", opener, Sys.close, task);
    }

    private static RestoringTask? Opener(RestoreContext context, SavedDescription saved)
    {
        foreach (var task in context.Tasks)
            if (!task.IsZombie && task.Image.Get<ControllingTerminalRecord>() is { } has && has.Pty == saved.Data.Object)
                return task;
        return null;
    }

    /// <summary>What would stand in the way of opening slaves, when all are open.</summary>
    public static void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var pty = server.Context.Image.Object<PtyRecord>(saved.Data.Object);
        if (saved.Data.FdType == FdType.PtyMaster)
        {
            if (pty.Has(PtyFlags.Locked))
                batch.Must("lock", saved.Label, Sys.ioctl, server.NumberOf(saved), TerminalCalls.SetLock, batch.In(1L));
            if (pty.Has(PtyFlags.MasterExclusive))
                batch.Must("make exclusive", saved.Label, Sys.ioctl, server.NumberOf(saved), TerminalCalls.SetExclusive, 0);
        }
        else if (pty.Has(PtyFlags.SlaveExclusive))
        {
            batch.Must("make exclusive", saved.Label, Sys.ioctl, server.NumberOf(saved), TerminalCalls.SetExclusive, 0);
        }
    }
}
