using CrCore.Checkpoint;
using CrCore.Image;

namespace CrCore.Objects.Terminals;

/// <summary>Tells when a session's controlling terminal is not kept: programs that open /dev/tty or wait for its signals miss it.</summary>
public sealed class ControllingTerminalKind : IInspectsTask
{
    public IEnumerable<RecordType> Records => [];

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (task.IsZombie || task.Stat.TtyNumber == 0)
            return;
        // Once for each session: at its leader, or at the root where the leader is outside.
        if (task == context.Root || task.Stat.Session == task.Pid)
            context.Warn(task, "CrControllingTerminal", TerminalDevice.PathOf(task.Stat.TtyNumber) ?? "controlling terminal",
                "the session's controlling terminal is not kept; the restored tasks have the restoring shell's, or none");
    }
}
