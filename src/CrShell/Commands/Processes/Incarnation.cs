using System.Diagnostics;

namespace CrShell.Commands.Processes;

/// <summary>
/// A process, and whether the runtime still takes it for an earlier one. As long as a child's Process object is held, the
/// runtime gives the child's end as the answer for its id, also when another process has come under it: a restored tree, for
/// example. What such a process does is then read from /proc.
/// </summary>
internal sealed record Incarnation(Process Process, bool IsLater)
{
    public static Incarnation Of(Process process) => new(process, process.HasExited && IsAlive(process.Id));

    public bool HasEnded => IsLater ? !IsAlive(Process.Id) : Process.HasExited;

    public string Name => IsLater ? Read("comm")?.TrimEnd() ?? "" : Process.ProcessName;

    /// <summary>Waits; true when it has ended.</summary>
    public bool WaitForEnd(TimeSpan limit)
    {
        if (!IsLater)
            return Process.WaitForExit(limit);
        if (HasEnded)
            return true;
        Thread.Sleep(limit);
        return HasEnded;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        if (!IsLater)
        {
            Process.Kill();
            return;
        }
        // Process.Kill would not send it. The shell's own kill is there also where procps is not.
        using var kill = Process.Start("/bin/sh", ["-c", "kill -KILL $0", $"{Process.Id}"]);
        kill.WaitForExit();
        if (kill.ExitCode != 0 && !HasEnded)
            throw new InvalidOperationException($"Process {Process.Id} could not be killed.");
    }

    // The state letter after the name, which may itself hold parentheses (proc_pid_stat(5)); Z and X are ended ones.
    private static bool IsAlive(int id)
    {
        var stat = Read(id, "stat");
        return stat is not null && stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
    }

    private string? Read(string file) => Read(Process.Id, file);

    private static string? Read(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (IOException)
        {
            return null; // It has ended, here or while the file was read (ESRCH).
        }
    }
}
