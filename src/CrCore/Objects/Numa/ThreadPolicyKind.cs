using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Numa;

/// <summary>Where the memory of a thread is taken from (set_mempolicy(2), numactl(8)).</summary>
internal sealed class ThreadPolicyKind : ICapturesThread, IRestoresThread
{
    public IEnumerable<RecordType> Records { get; } =
        [new(PolicyRecordIds.Thread, "MEMORY_POLICY", ThreadPolicyRecord.Read, MemoryPolicy.MaxSize)];

    public RestoreStage ThreadStage => RestoreStage.Threads;

    public bool ThreadStepComesFirst => false;

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        var room = MemoryPolicy.Room(batch);
        // ENOSYS without CONFIG_NUMA.
        var call = batch.Try(Sys.get_mempolicy, room, room.Skip(8), MemoryPolicy.NodeBits, 0, 0);
        return sink =>
        {
            if (batch.ErrnoOf(call) == Errno.None && MemoryPolicy.Of(batch, room) is { IsDefault: false } policy)
                sink.Emit(new ThreadPolicyRecord(thread.VTid, policy));
        };
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<ThreadPolicyRecord>() is not { } saved)
            return null;
        var call = batch.Try(Sys.set_mempolicy, saved.Policy.Mode, saved.Policy.NodesFor(batch), MemoryPolicy.NodeBits);
        return () =>
        {
            if (batch.ErrnoOf(call) is not Errno.None and var errno)
                context.Warn(thread.Task, "CrMemoryPolicyLost", $"memory policy of thread {thread.Image.VTid}",
                    $"{saved.Policy} could not be set again ({errno}: {errno.Describe()})", "Restore on a machine, and in a cpuset, with these NUMA nodes.");
        };
    }
}
