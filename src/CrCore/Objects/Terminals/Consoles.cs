using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>
/// Virtual consoles and /dev/console: terminals of the machine itself, which are there under their names whatever becomes of
/// the tree. So they are opened again by name, where no other choice is made (-Terminal).
/// </summary>
internal static class Consoles
{
    /// <summary>KD_TEXT of linux/kd.h and VT_AUTO of linux/vt.h: the kernel draws, and switches by itself.</summary>
    private const byte Text = 0, Automatic = 0;

    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        NameRules.Inspect(inspection, d);
        using var task = PidFd.Open(d.Pid);
        using var own = task.TryGet(d.Fd, out _);
        // Closed meanwhile: the frozen tree is looked at again.
        if (own is null)
            return;
        if (TerminalCalls.ReadDevice(own, out _) != Errno.None)
            inspection.Refuse(d, "CrConsole", "it is a console that was hung up", "Let the program open it again.");
        else if (TerminalCalls.ReadDiscipline(own, out var discipline) == Errno.None && discipline != 0)
            inspection.Refuse(d, "CrLineDiscipline", $"its line discipline is {discipline}, which is not saved", "End the program that set it.");
        else if (TerminalCalls.ReadDrawing(own) is not Text)
            inspection.Refuse(d, "CrConsole", "it is a console in graphics mode (KDSETMODE), whose screen is not saved", "Let the program go back to text first.");
        else if (TerminalCalls.ReadSwitching(own) is not Automatic)
            inspection.Refuse(d, "CrConsole", "it is a console that a process switches (VT_SETMODE), which is not saved", "Let the program give that up first.");
    }

    public static SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var anchor = NameRules.Anchor(capture, d);
        using var own = capture.Borrow(d);
        return new(FdType.Console, d.Name, Records: [Read(own, d.Label), .. anchor.Due], Anchor: anchor.ObjRef);
    }

    public static Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        server.Open(saved, server.PathOf(saved), saved.Data.Anchor == 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        server.SetFlags(saved, batch);
        var due = saved.Get<ConsoleRecord>() ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no CONSOLE record.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
        return () => Set(server, saved, due);
    }

    public static void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (saved.Get<ConsoleRecord>() is { IsExclusive: true })
            batch.Must("make exclusive", saved.Label, Sys.ioctl, server.NumberOf(saved), TerminalCalls.SetExclusive, 0);
    }

    /// <summary>A console forgets its modes when its last user closes it (TTY_DRIVER_RESET_TERMIOS); the program goes on with what it had set.</summary>
    private static void Set(DescriptorServer server, SavedDescription saved, ConsoleRecord due)
    {
        using var own = server.Borrow(server.NumberOf(saved), saved.Label);
        var now = Read(own, saved.Label);
        if (now.Device != due.Device)
            Warn(server, saved, $"it stood for {TerminalDevice.PathOf(due.Device)} and stands for {TerminalDevice.PathOf(now.Device)} now");
        if (!now.Modes.Span.SequenceEqual(due.Modes.Span))
            Check(saved.Label, TerminalCalls.WriteModes(own, due.Modes.Span), "Setting the modes");
        if (!now.Window.Span.SequenceEqual(due.Window.Span))
            Warn(server, saved, "it has another size than when it was saved");
    }

    private static ConsoleRecord Read(OwnDescriptor own, string label)
    {
        var modes = new byte[PtyRecord.ModesSize];
        var window = new byte[PtyRecord.WindowSize];
        Check(label, TerminalCalls.ReadModes(own, modes), "Reading the modes");
        Check(label, TerminalCalls.ReadWindow(own, window), "Reading the window size");
        Check(label, TerminalCalls.ReadDevice(own, out var device), "Reading the number");
        Check(label, TerminalCalls.ReadExclusive(own, out var exclusive), "Reading the exclusive mode");
        return new(device, exclusive != 0, modes, window);
    }

    private static void Warn(DescriptorServer server, SavedDescription saved, string reason)
        => server.Context.Warnings.Add(new("CrConsole", CrErrorKind.Obstacle, ObstacleSeverity.Warning, saved.Task.VPid, saved.Task.Comm, saved.Label, reason));

    private static void Check(string label, Errno e, string what)
    {
        if (e != Errno.None)
            throw new CrKernelException("CrConsole", $"{what} of {label}", e) { Object = label };
    }
}
