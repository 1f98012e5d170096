using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Terminals;

/// <summary>
/// Terminals whose other side is outside of the tree: the shell's, a console, a serial line. What becomes of them is the
/// user's choice, at the checkpoint and once more at the restore.
/// </summary>
public sealed class TerminalKind : IDescriptorKind
{
    private const string NullPath = "/dev/null";

    public IReadOnlyList<FdType> Types { get; } = [FdType.Terminal];

    public bool Claims(Descriptor d) => d.Status.IsCharacterDevice && !d.IsPathOnly && TerminalDevice.Is(d.Status);

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (TerminalDevice.IsMaster(d.Status))
            inspection.Refuse(d, "CrTerminalMaster", $"the master of pseudo-terminal {d.Detail("tty-index")} cannot be saved yet", "End the program that holds it (a terminal emulator, script, ssh, …).");
        else if (inspection.Options.Terminal == TerminalPolicy.Fail)
            inspection.Refuse(d, "CrTerminal", "it is a terminal, whose other side is outside of the tree",
                "Choose with -Terminal what becomes of it: Inherit (the restoring shell's terminal) or Null (/dev/null).");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
        => capture.Options.Terminal == TerminalPolicy.Null ? SavedForm.NullDevice : new(FdType.Terminal, d.Name);

    public void Check(CheckContext context, SavedDescription saved)
    {
        switch (context.Options.Terminal)
        {
            case TerminalPolicy.Fail:
                context.Refuse(saved.Task, "CrTerminal", saved.Label, "it was a terminal", "Choose with -Terminal what becomes of it: Inherit (this shell's terminal) or Null (/dev/null).");
                break;
            case TerminalPolicy.Inherit when OwnTerminal.Find(context.Proc) is null:
                context.Refuse(saved.Task, "CrNoTerminal", saved.Label, "it was a terminal, and this program has none to hand on", "Restore from a terminal, or with -Terminal Null.");
                break;
        }
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var inherits = server.Context.Options.Terminal == TerminalPolicy.Inherit;
        var path = inherits ? OwnTerminal.Find(server.Context.Proc) : NullPath;
        if (path is null)
            throw new CrTargetException("CrNoTerminal", $"{saved.Task}: {saved.Label} was a terminal, and this program has none to hand on any more.", "Restore from a terminal, or with -Terminal Null.");
        server.Open(saved, path, OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.Direct, batch);
        return null;
    }
}
