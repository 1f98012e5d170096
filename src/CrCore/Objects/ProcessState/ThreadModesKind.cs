using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.ProcessState;

/// <summary>PR_SET_IO_FLUSHER and ARCH_SET_CPUID of a thread.</summary>
internal sealed class ThreadModesKind : ICapturesThread, IRestoresThread
{
    private const int GetCpuid = 0x1011, SetCpuid = 0x1012;

    /// <summary>PF_MEMALLOC_NOIO and PF_LOCAL_THROTTLE of include/linux/sched.h, which PR_SET_IO_FLUSHER sets together.</summary>
    private const uint IoFlusher = 0x180000;

    public IEnumerable<RecordType> Records { get; } =
        [new(ProcessRecordIds.ThreadModes, "THREAD_MODES", ThreadModesRecord.Read, ThreadModesRecord.PayloadSize)];

    /// <summary>Before the credentials: the one takes CAP_SYS_RESOURCE.</summary>
    public RestoreStage ThreadStage => RestoreStage.Threads;

    public bool ThreadStepComesFirst => false;

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        var flusher = batch.Try(Sys.prctl, (int)PrctlOption.GetIoFlusher, 0, 0, 0, 0);
        // 1 where the processor cannot trap it, too.
        var cpuid = batch.Try(Sys.arch_prctl, GetCpuid, 0);
        return sink =>
        {
            // Reading it takes CAP_SYS_RESOURCE, as setting it does: a thread that gave that up shows by its flags.
            var flushes = batch.ErrnoOf(flusher) == Errno.EPERM && thread.Tid == thread.Pid
                ? (context.TaskOf(thread).Stat.Flags & IoFlusher) == IoFlusher : batch.Result(flusher) == 1;
            var record = new ThreadModesRecord(thread.VTid, flushes, TrapsCpuid: batch.Result(cpuid) == 0);
            if (record.FlushesIo || record.TrapsCpuid)
                sink.Emit(record);
        };
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<ThreadModesRecord>() is not { } saved)
            return null;
        var flusher = saved.FlushesIo ? batch.Try(Sys.prctl, (int)PrctlOption.SetIoFlusher, 1, 0, 0, 0) : (Slot?)null;
        var cpuid = saved.TrapsCpuid ? batch.Try(Sys.arch_prctl, SetCpuid, 0) : (Slot?)null;
        return () =>
        {
            Tell(flusher, "PR_SET_IO_FLUSHER", "Restore with CAP_SYS_RESOURCE.");
            Tell(cpuid, "ARCH_SET_CPUID", "Use a processor that can trap the instruction.");
        };

        void Tell(Slot? call, string what, string advice)
        {
            if (call is { } slot && batch.ErrnoOf(slot) is not Errno.None and var errno)
                context.Warn(thread.Task, "CrThreadModeLost", $"thread {thread.Image.VTid}", $"{what} could not be set again ({errno}: {errno.Describe()})", advice);
        }
    }
}
