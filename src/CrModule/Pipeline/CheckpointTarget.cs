using System.Diagnostics;

namespace CrModule.Pipeline;

/// <summary>A process that the user asked to checkpoint, and what is known of it before the engine looks.</summary>
/// <param name="Name">The process's name, or "process" where it has gone already.</param>
/// <param name="Process">The object from the pipeline, or one made from the id; null where it has gone already.</param>
internal sealed record CheckpointTarget(int Id, string Name, Process? Process)
{
    /// <summary>TASK_COMM_LEN of include/linux/sched.h, without the terminating zero.</summary>
    private const int LongestComm = 15;

    public static CheckpointTarget Of(int id)
    {
        try
        {
            return new CheckpointTarget(id, NameOf(id), Process.GetProcessById(id));
        }
        catch (ArgumentException)
        {
            return new CheckpointTarget(id, "process", null); // the engine says in full that it is not there
        }
    }

    public static CheckpointTarget Of(Process process)
    {
        try
        {
            return new CheckpointTarget(process.Id, process.ProcessName, process);
        }
        catch (InvalidOperationException)
        {
            return new CheckpointTarget(process.Id, "process", process);
        }
    }

    /// <summary>
    /// As Process.ProcessName has it, which reads the state of each thread on its way, 25 µs a thread: the kernel's name,
    /// and where that may be cut off (at 15 bytes), the program's or script's in the command line that begins with it.
    /// </summary>
    private static string NameOf(int id)
    {
        try
        {
            var name = File.ReadAllText($"/proc/{id}/comm").TrimEnd('\n');
            if (name.Length < LongestComm)
                return name;
            foreach (var argument in File.ReadAllText($"/proc/{id}/cmdline").Split('\0', 3)[..^1])
                if (System.IO.Path.GetFileName(argument) is var whole && whole.StartsWith(name, StringComparison.Ordinal))
                    return whole;
            return name;
        }
        // It has just gone, or its command line is not for this user to read.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "process";
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Id} ({Name})";
}
