using System.Diagnostics;

namespace CrModule.Pipeline;

/// <summary>A process that the user asked to checkpoint, and what is known of it before the engine looks.</summary>
/// <param name="Name">The process's name, or "process" where it has gone already.</param>
/// <param name="Process">The object from the pipeline, or one made from the id; null where it has gone already.</param>
internal sealed record CheckpointTarget(int Id, string Name, Process? Process)
{
    public static CheckpointTarget Of(int id)
    {
        try
        {
            return Of(Process.GetProcessById(id));
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

    public override string ToString() => $"{Id} ({Name})";
}
