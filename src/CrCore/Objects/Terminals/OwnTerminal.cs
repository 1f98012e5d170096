using CrCore.Kernel;

namespace CrCore.Objects.Terminals;

/// <summary>The terminal that this program can hand on.</summary>
internal static class OwnTerminal
{
    /// <summary>The path of the terminal of standard input, output or error, else of the controlling one; null for none.</summary>
    public static string? Find(ProcReader proc)
    {
        var pid = Environment.ProcessId;
        for (var fd = 0; fd <= 2; fd++)
            if (FileStatus.ReadOwn(fd, out var status) == Errno.None && status.IsCharacterDevice
                && TerminalDevice.Is(status) && !TerminalDevice.IsMaster(status)
                && ProcFd.TryReadTarget(proc, pid, fd, out var path) && FileStatus.Read(path, out _) == Errno.None)
                return path;
        return ProcStat.TryRead(proc, pid, out var stat) && stat.TtyNumber != 0 && TerminalDevice.PathOf(stat.TtyNumber) is { } own
            && FileStatus.Read(own, out _) == Errno.None ? own : null;
    }
}
