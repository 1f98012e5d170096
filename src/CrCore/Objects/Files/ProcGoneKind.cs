using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// Files and directories below /proc/PID of a process that has ended: reading them says ESRCH. They are opened again while
/// a passing process has that number.
/// </summary>
internal sealed class ProcGoneKind : IDescriptorKind
{
    public IReadOnlyList<FdType> Types { get; } = [FdType.ProcGone];

    public bool Claims(Descriptor d) => d.Place is NamePlace.Unlinked or NamePlace.Elsewhere
        && GoneProcess.Has(d.TaskPid, d.Name, d.Place, $"/proc/{d.Pid}/fd/{d.Fd}");

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (GoneProcess.IsOfPart(d.Name))
            inspection.Refuse(d, "CrProcGone", $"it belongs to a thread, descriptor or mapping of process {GoneProcess.PidOf(d.Name)}, which has ended", "Let the program close it first.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d) => new(FdType.ProcGone, d.Name);

    public void Check(CheckContext context, SavedDescription saved) => GoneProcess.Check(context, saved.Task, saved.Label, Require(saved));

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DeadProcesses.Of(server.Context).MakeAs(Require(saved));
        var flags = OpenFlags.Reopening(saved.Data.Flags);
        // A link itself can only be open with O_PATH.
        server.Open(saved, saved.Name, (flags & OpenFlags.Path) != 0 ? flags : flags & ~OpenFlags.NoFollow, batch);
        return null;
    }

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch) => DeadProcesses.Of(server.Context).End();

    private static int Require(SavedDescription saved) => GoneProcess.PidOf(saved.Name) is > 0 and var pid ? pid
        : throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} belongs to no process.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
}
