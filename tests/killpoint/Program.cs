using System.Diagnostics;
using System.Diagnostics.Tracing;
using CrCore;
using CrCore.Checkpoint;

// crkillpoint PID IMAGE K copy|plain: checkpoints a tree and kills itself after the K-th call by which the engine touches it;
// K = 0 lets it finish and prints how many calls there were. The memory is written from a copy, however small it is, or while
// the tree stands still.
var (pid, image, k) = (int.Parse(args[0]), args[1], int.Parse(args[2]));
using var killer = new Killer(k);
try
{
    new TreeCheckpoint(new CheckpointOptions { Overwrite = true, LeastCopiedBytes = 0, NoCopy = args[3] == "plain" }).Run(pid, image);
}
catch (CrException e)
{
    Console.Error.WriteLine($"{e.Id}: {e.Message}");
    return 1;
}
Console.WriteLine(killer.Calls);
return 0;

internal sealed class Killer(int at) : EventListener
{
    private int _calls;

    public int Calls => _calls;

    protected override void OnEventSourceCreated(EventSource source)
    {
        if (source.Name == "CrModule-Engine")
            EnableEvents(source, EventLevel.Verbose);
    }

    protected override void OnEventWritten(EventWrittenEventArgs e)
    {
        // Raised on the thread that made the call, right after it.
        if (e.EventName == "KernelCall" && Interlocked.Increment(ref _calls) == at)
            Process.GetCurrentProcess().Kill();
    }
}
