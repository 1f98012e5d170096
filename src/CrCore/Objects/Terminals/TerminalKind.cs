using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Given;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>
/// Terminals. Pseudo-terminals whose master the tree holds are saved whole, consoles of the machine by name. What becomes of a terminal whose other side is
/// outside of the tree (the shell's, a console, a serial line) is the user's choice, at the checkpoint and once more at
/// the restore.
/// </summary>
internal sealed class TerminalKind : IDescriptorKind
{
    private const string NullPath = "/dev/null";

    /// <summary>N_TTY of include/uapi/linux/tty.h; others are for modems, consoles of sound cards and the like.</summary>
    private const uint OrdinaryDiscipline = 0;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Terminal, FdType.PtyMaster, FdType.PtySlave, FdType.ControllingTerminal, FdType.HungUpTerminal, FdType.Console];

    public IEnumerable<RecordType> Records =>
    [
        new(PtyRecord.Id, "PTY", PtyRecord.Read, PtyRecord.MaxPayload),
        new(PtyDataRecord.Id, "PTY_DATA", PtyDataRecord.Read, 4 + PtyDataRecord.MaxBytes),
        new(ConsoleRecord.Id, "CONSOLE", ConsoleRecord.Read, ConsoleRecord.PayloadSize),
    ];

    public bool Claims(Descriptor d) => d.Status.IsCharacterDevice && !d.IsPathOnly && TerminalDevice.Is(d.Status);

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        switch (TreePtys.Of(inspection.Context.States, () => inspection.All).Place(d, out _))
        {
            case TerminalPlace.Master:
                InspectMaster(inspection, d);
                break;
            case TerminalPlace.Console when inspection.Options.Terminal == TerminalPolicy.Fail:
                Consoles.Inspect(inspection, d);
                break;
            case TerminalPlace.Outside when inspection.Options.Terminal == TerminalPolicy.Fail:
                inspection.Refuse(d, "CrTerminal", "it is a terminal, whose other side is outside of the tree",
                    "Choose with -Terminal what becomes of it: Inherit (the restoring shell's terminal), Null (/dev/null) or Given (by -Descriptor of the restore).");
                break;
            case TerminalPlace.Outside or TerminalPlace.Console when inspection.Options.Terminal == TerminalPolicy.Given:
                inspection.Warn(d, "CrTerminal", "it is a terminal, whose other side is outside of the tree; another one must be given at the restore (-Descriptor)");
                break;
        }
    }

    private static void InspectMaster(DescriptorInspection inspection, Descriptor d)
    {
        using var task = PidFd.Open(d.Pid);
        using var master = task.TryGet(d.Fd, out _);
        // Closed meanwhile: the frozen tree is looked at again.
        if (master is not null && TerminalCalls.ReadDiscipline(master, out var discipline) == Errno.None && discipline != OrdinaryDiscipline)
            inspection.Refuse(d, "CrLineDiscipline", $"its line discipline is {discipline}, which is not saved", "End the program that set it (a modem or serial driver).");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var ptys = TreePtys.Of(capture.Context.States, () => ControllingTerminalKind.AllDescriptors(capture.Context));
        return ptys.Place(d, out var key) switch
        {
            TerminalPlace.Master => PtyCapture.Capture(capture, ptys, d, key),
            TerminalPlace.Slave => new(FdType.PtySlave, d.Name, PtyCapture.Reference(capture.Shared, key)),
            TerminalPlace.Controlling => new(FdType.ControllingTerminal, d.Name, PtyCapture.Reference(capture.Shared, key)),
            TerminalPlace.HungUp => new(FdType.HungUpTerminal, d.Name),
            TerminalPlace.Console when capture.Options.Terminal == TerminalPolicy.Fail => Consoles.Capture(capture, d),
            _ => Outside(capture, d),
        };
    }

    private static SavedForm Outside(DescriptorCapture capture, Descriptor d) => capture.Options.Terminal switch
    {
        TerminalPolicy.Null => SavedForm.NullDevice,
        TerminalPolicy.Given => new(FdType.Given, d.Name, Records: [new GivenRecord(FdType.Terminal, GivenForm.File)]),
        _ => new(FdType.Terminal, d.Name),
    };

    public GivenForm? FormOf(SavedDescription saved) => saved.Data.FdType is FdType.Terminal or FdType.HungUpTerminal or FdType.Console ? GivenForm.File : null;

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.FdType == FdType.Console)
        {
            NameRules.CheckType(context, saved);
            return;
        }
        if (saved.Data.FdType != FdType.Terminal)
        {
            if (saved.Data.FdType != FdType.HungUpTerminal)
                context.Image.Object<PtyRecord>(saved.Data.Object);
            return;
        }
        switch (context.Options.Terminal)
        {
            case TerminalPolicy.Fail or TerminalPolicy.Given:
                context.Refuse(saved.Task, "CrTerminal", saved.Label, "it was a terminal", "Choose with -Terminal what becomes of it: Inherit (this shell's terminal) or Null (/dev/null); or give another one with -Descriptor.");
                break;
            case TerminalPolicy.Inherit when OwnTerminal.Find(context.Proc) is null:
                context.Refuse(saved.Task, "CrNoTerminal", saved.Label, "it was a terminal, and this program has none to hand on", "Restore from a terminal, or with -Terminal Null.");
                break;
        }
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        switch (saved.Data.FdType)
        {
            case FdType.PtyMaster:
                PtyRestore.Master(server, saved, batch);
                break;
            case FdType.PtySlave:
                PtyRestore.Slave(server, saved, batch);
                break;
            case FdType.ControllingTerminal:
                PtyRestore.Controlling(server, saved, batch);
                break;
            case FdType.Console:
                return Consoles.Restore(server, saved, batch);
            case FdType.HungUpTerminal:
                PtyRestore.HungUp(server, saved, batch);
                break;
            default:
                Outside(server, saved, batch);
                break;
        }
        return null;
    }

    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (saved.Data.FdType is FdType.PtyMaster or FdType.PtySlave)
            PtyRestore.Finish(server, saved, batch);
        else if (saved.Data.FdType == FdType.Console)
            Consoles.Finish(server, saved, batch);
    }

    private static void Outside(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var inherits = server.Context.Options.Terminal == TerminalPolicy.Inherit;
        var path = inherits ? OwnTerminal.Find(server.Context.Proc) : NullPath;
        if (path is null)
            throw new CrTargetException("CrNoTerminal", $"{saved.Task}: {saved.Label} was a terminal, and this program has none to hand on any more.", "Restore from a terminal, or with -Terminal Null.");
        server.Open(saved, path, OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.Direct, batch);
    }
}
