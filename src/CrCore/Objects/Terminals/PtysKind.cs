using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>
/// Makes the tree's pseudo-terminals before any task but the root exists: a controlling terminal is inherited at birth
/// (tty_ioctl(4), TIOCSCTTY sets it for the session's leader alone), so each leader must have it before its children are
/// made. The records are <see cref="TerminalKind"/>'s.
/// </summary>
internal sealed class PtysKind : IRestoresTask, IStartsSession
{
    /// <summary>So many masters are opened at most to get at the number that a terminal had.</summary>
    private const int MostTries = 256;

    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Root;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var ptys = new List<PtyRecord>();
        foreach (var shared in context.Image.Objects.Values)
            if (shared is PtyRecord pty)
                ptys.Add(pty);
        // The kernel gives the lowest free number (devpts_new_index).
        ptys.Sort((a, b) => a.Index.CompareTo(b.Index));
        foreach (var pty in ptys)
            Make(context, task, pty);
        return null;
    }

    private static void Make(RestoreContext context, RestoringTask task, PtyRecord pty)
    {
        var fillers = new List<long>();
        long master;
        uint index;
        while (true)
        {
            (master, index) = Open(task, pty);
            if (index >= pty.Index || fillers.Count == MostTries)
                break;
            fillers.Add(master);
        }
        if (fillers.Count > 0)
            Close(task, fillers);
        context.ServedDescriptors[pty.ObjRef] = (int)master;
        if (index != pty.Index)
            context.Warn(task, "CrPtyNumber", pty.Description, $"the number is taken; it is /dev/pts/{index} now", "Programs that remember the name of their terminal do not find it. Restore while the number is free, or into a mount namespace with a devpts of its own.");
        Configure(context, task, pty, (int)master);
    }

    private static (long Master, uint Index) Open(RestoringTask task, PtyRecord pty)
    {
        var batch = new SyscallBatch();
        var index = batch.Out(sizeof(ulong));
        var unlocked = batch.In(0L);
        var flags = pty.MasterFlags & (OpenFlags.AccessMode | OpenFlags.LargeFile) | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec;
        var master = batch.Must("make pseudo-terminal", pty.Description, Sys.openat, FileNative.AT_FDCWD, batch.Text(pty.Multiplexer), flags, 0);
        batch.Must("read the number of", pty.Description, Sys.ioctl, master, TerminalCalls.GetIndex, index);
        batch.Must("unlock", pty.Description, Sys.ioctl, master, TerminalCalls.SetLock, unlocked);
        task.Remote.Run(batch);
        return (batch.Result(master), batch.Read<uint>(index));
    }

    private static void Close(RestoringTask task, List<long> fds)
    {
        var batch = new SyscallBatch();
        foreach (var fd in fds)
            batch.Must("close", null, Sys.close, fd);
        task.Remote.Run(batch);
    }

    /// <summary>From here, through descriptors onto the new one: modes, window, and what waits in it.</summary>
    private static void Configure(RestoreContext context, RestoringTask task, PtyRecord pty, int number)
    {
        using var root = PidFd.Open(task.Pid);
        using var master = root.TryGet(number, out var errno)
            ?? throw new CrKernelException("CrDescriptorUnreachable", $"Getting pseudo-terminal {pty.Index} from task {task}", errno) { Pid = task.Pid };
        var data = new List<PtyDataRecord>();
        foreach (var t in context.Image.Tasks)
            foreach (var piece in t.All<PtyDataRecord>())
                if (piece.Pty == pty.ObjRef)
                    data.Add(piece);
        Check(pty, TerminalCalls.WriteWindow(master, pty.Window.Span), "setting the window size");
        if (data.Count > 0 || pty.Has(PtyFlags.Opened))
        {
            using var slave = TerminalCalls.OpenPeer(master, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.NonBlock | OpenFlags.CloseOnExec, out errno);
            if (slave is null)
                throw new CrKernelException("CrPtyFailed", $"Opening the slave of pseudo-terminal {pty.Index}", errno);
            PtyQueue.Put(master, slave, pty.Modes.Span, packets: false, data);
            if (pty.Mode != 0)
                context.Attempt(task, "CrPtyOwner", pty.Description, () => Own(pty, slave));
        }
        Check(pty, TerminalCalls.WriteModes(master, pty.Modes.Span), "setting the modes");
        if (pty.LockedModes.Span.ContainsAnyExcept((byte)0))
            Check(pty, TerminalCalls.WriteLockedModes(master, pty.LockedModes.Span), "locking modes");
        if (pty.Has(PtyFlags.Packet))
            Check(pty, TerminalCalls.WritePacketMode(master), "setting packet mode");
    }

    private static void Own(PtyRecord pty, OwnDescriptor slave)
    {
        if (FileStatus.ReadOwn(slave.Number, out var now) == Errno.None && (now.Uid != pty.Uid || now.Gid != pty.Gid))
            Check(pty, slave.ChangeOwner(pty.Uid, pty.Gid), "setting the owner");
        Check(pty, slave.ChangeMode(pty.Mode), "setting the permissions");
    }

    private static void Check(PtyRecord pty, Errno e, string what)
    {
        if (e != Errno.None)
            throw new CrKernelException("CrPtyFailed", $"{what} of pseudo-terminal {pty.Index}", e) { Object = pty.Description };
    }

    /// <summary>The leader takes the terminal that it had; its children will inherit it.</summary>
    public void SessionStarted(RestoreContext context, RestoringTask leader)
    {
        if (leader.Image.Get<ControllingTerminalRecord>() is not { } saved)
            return;
        var batch = new SyscallBatch();
        var what = context.Image.Object<PtyRecord>(saved.Pty).Description;
        var slave = batch.Must("open", what, Sys.ioctl, context.ServedDescriptors[saved.Pty], TerminalCalls.GetPeer, OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal);
        batch.Must("take as controlling terminal", what, Sys.ioctl, slave, TerminalCalls.SetControlling, 0);
        batch.Must("close", what, Sys.close, slave);
        leader.Remote.Run(batch);
    }
}
