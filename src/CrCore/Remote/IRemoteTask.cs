namespace CrCore.Remote;

/// <summary>A task that runs batches of system calls for the engine: a frozen thread, or a puppet.</summary>
public interface IRemoteTask
{
    /// <summary>The thread as this process sees it.</summary>
    int Tid { get; }

    /// <summary>Bytes that one batch may need at most (<see cref="SyscallBatch.ArenaBytes"/>).</summary>
    int ArenaSize { get; }

    /// <summary>Runs the batch; its results can be read afterwards.</summary>
    /// <exception cref="CrKernelException">A call that must succeed failed.</exception>
    /// <exception cref="CrTargetException">The task died or did not come back.</exception>
    void Run(SyscallBatch batch);
}
