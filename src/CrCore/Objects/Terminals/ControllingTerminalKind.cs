using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>
/// The controlling terminals of sessions, where the tree holds the terminal's master, with their foreground groups. Of
/// others it tells that they are not kept: programs that open /dev/tty or wait for its signals miss it.
/// </summary>
internal sealed class ControllingTerminalKind : IInspectsTask, ICapturesTask, IRestoresTask, IChecksImage
{
    public IEnumerable<RecordType> Records { get; } =
        [new(ControllingTerminalRecord.Id, "CONTROLLING_TERMINAL", ControllingTerminalRecord.Read, ControllingTerminalRecord.PayloadSize)];

    /// <summary>All tasks exist and are in their groups; the terminals were taken when the sessions began.</summary>
    public RestoreStage Stage => RestoreStage.Descriptors;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task.IsZombie || task.Stat.TtyNumber == 0)
            return;
        var ptys = TreePtys.Of(context.States, () => context.States.Get(() => new DescriptorInspection(context)).All);
        // Once for each session: at its leader, or at the root where the leader is outside.
        if ((task == context.Root || task.Stat.Session == task.Pid) && ptys.Controlling(task.Stat.Session, task.Stat.TtyNumber) is null)
            context.Warn(task, "CrControllingTerminal", TerminalDevice.PathOf(task.Stat.TtyNumber) ?? "controlling terminal",
                "the session's controlling terminal is not kept; the restored tasks have the restoring shell's, or none");
    }

    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (task.Stat.TtyNumber == 0)
            return null;
        var ptys = TreePtys.Of(context.States, () => AllDescriptors(context));
        if (ptys.Controlling(task.Stat.Session, task.Stat.TtyNumber) is not { } key)
            return null;
        var foreground = 0;
        foreach (var t in context.Tasks)
            if (t.Stat.ProcessGroup == task.Stat.TtyProcessGroup)
                foreground = t.VPgid;
        return sink => sink.Emit(new ControllingTerminalRecord(task.VPid, PtyCapture.Reference(context.Shared, key), foreground));
    }

    internal static IEnumerable<Descriptor> AllDescriptors(CaptureContext context)
    {
        var known = context.States.Get<KnownDescriptors>();
        foreach (var task in context.Tasks)
            if (!task.IsZombie)
                foreach (var d in known.Of(context.Proc, task.Pid))
                    yield return d;
    }

    public void Check(CheckContext context)
    {
        foreach (var task in context.Image.Tasks)
            if (task.Get<ControllingTerminalRecord>() is { } saved)
                context.Image.Object<PtyRecord>(saved.Pty);
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var saved = task.Image.Get<ControllingTerminalRecord>();
        if (saved is null)
        {
            if (InheritedIt(context, task))
                GiveUp(batch);
            return null;
        }
        // Only its own session may set a terminal's foreground group (tiocspgrp in drivers/tty/tty_jobctrl.c).
        if (task.Image.Task.VSid != task.VPid || saved.Foreground == 0 || saved.Foreground == task.VPid)
            return null;
        var tty = batch.Must("open the controlling terminal", null, Sys.openat, FileNative.AT_FDCWD, batch.Text("/dev/tty"), OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        var set = batch.Try(Sys.ioctl, tty, TerminalCalls.SetForeground, batch.In((long)saved.Foreground));
        batch.Must("close the controlling terminal", null, Sys.close, tty);
        return () =>
        {
            if (batch.ErrnoOf(set) is var e && e != Errno.None)
                context.Warn(task, "CrForegroundGroup", "controlling terminal", $"its foreground group {saved.Foreground} could not be set ({e})");
        };
    }

    /// <summary>Its session's leader has a terminal that it had given up, or never got.</summary>
    private static bool InheritedIt(RestoreContext context, RestoringTask task)
    {
        if (task.Image.Task.VSid == task.VPid)
            return false;
        return context.Image.FindTask(task.Image.Task.VSid)?.Get<ControllingTerminalRecord>() is not null;
    }

    private static void GiveUp(SyscallBatch batch)
    {
        var tty = batch.Must("open the controlling terminal", null, Sys.openat, FileNative.AT_FDCWD, batch.Text("/dev/tty"), OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0);
        batch.Must("give up the controlling terminal", null, Sys.ioctl, tty, TerminalCalls.GiveUpControlling, 0);
        batch.Must("close the controlling terminal", null, Sys.close, tty);
    }
}
