using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Threads;

/// <summary>
/// A thread's processor state, and the places in its memory that the kernel knows of. The registers are set last of
/// all (<see cref="ThreadRelease"/>).
/// </summary>
internal sealed class ThreadsKind : ICapturesThread, IRestoresThread, IInspectsTask, IChecksImage
{
    public IEnumerable<RecordType> Records { get; } =
    [
        new(ThreadRecordIds.Cpu, "CPU", CpuRecord.Read, CpuRecord.MaxPayload),
        new(ThreadRecordIds.Areas, "THREAD_AREAS", ThreadAreasRecord.Read, ThreadAreasRecord.PayloadSize),
        new(ThreadRecordIds.CallRest, "CALL_REST", CallRestRecord.Read, CallRestRecord.PayloadSize),
    ];

    public RestoreStage ThreadStage => RestoreStage.Threads;

    public void Inspect(InspectContext context, LiveTask task)
    {
        if (ExeFormat.Is32Bit(task.Pid))
            context.Refuse(task, "Cr32BitTask", "program", "it is a 32-bit program, which is not saved", "Only 64-bit programs can be checkpointed.");
        if (ProcStatus.TryRead(context.Proc, task.Pid, out var status) && status.ShadowStackFeatures.Length > 0)
            context.Refuse(task, "CrShadowStack", "shadow stack", $"it uses a shadow stack ({status.ShadowStackFeatures}), which is not saved",
                "Start it without: GLIBC_TUNABLES=glibc.cpu.x86_shstk=off.");
    }

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        var cpu = CpuCapture.Capture(context, thread);
        var rest = thread.Slept is { } slept ? CallRest.Of(cpu.Registers, slept, at => CpuCapture.ReadTime(thread.Tid, at)) : null;
        var areas = CaptureAreas(thread);
        var address = batch.Out(8);
        var call = batch.Try(Sys.prctl, (int)PrctlOption.GetTidAddress, address, 0, 0, 0);
        return sink =>
        {
            sink.Emit(cpu);
            // CONFIG_CHECKPOINT_RESTORE brings the call; without it a thread's end could not be seen by its joiner.
            if (batch.ErrnoOf(call) is not Errno.None and var errno)
                throw new CrKernelException("CrTidAddress", $"Asking thread {thread.Tid} for its tid address", errno, "The kernel lacks CONFIG_CHECKPOINT_RESTORE.") { Pid = thread.Tid };
            sink.Emit(areas with { TidAddress = batch.Read<ulong>(address) });
            if (rest is { } left)
                sink.Emit(new CallRestRecord { VTid = thread.VTid, Rest = left });
        };
    }

    private static ThreadAreasRecord CaptureAreas(FrozenThread thread)
    {
        if (!TaskCalls.TryGetRobustList(thread.Tid, out var head, out var length))
            throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };
        var e = Ptrace.GetRseq(thread.Tid, out var address, out var size, out var signature, out _);
        if (e != Errno.None)
            throw new CrKernelException("CrTraceFailed", $"Reading the rseq area of task {thread.Tid}", e, "Linux 5.13 and later tell it.") { Pid = thread.Tid };
        return new ThreadAreasRecord
        {
            VTid = thread.VTid,
            RobustListHead = head,
            RobustListLength = head == 0 ? 0 : length,
            RseqAddress = address,
            RseqSize = address == 0 ? 0 : size,
            RseqSignature = address == 0 ? 0 : signature,
        };
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        thread.GiveRegisters = () => ThreadRelease.GiveRegisters(thread.Tid, thread.Image);
        thread.GiveSignals = () => ThreadRelease.GiveSignals(thread.Task.Pid, thread.Tid, thread.Image);
        if (thread.Image.Get<ThreadAreasRecord>() is not { } areas)
            return null;
        batch.Must("set the tid address", null, Sys.set_tid_address, areas.TidAddress);
        if (areas.RobustListHead != 0)
            batch.Must("set the robust futex list", null, Sys.set_robust_list, areas.RobustListHead, areas.RobustListLength);
        if (areas.RseqAddress != 0)
            batch.Must("register the rseq area", null, Sys.rseq, areas.RseqAddress, areas.RseqSize, 0, areas.RseqSignature);
        return null;
    }

    public void Check(CheckContext context)
    {
        var here = Xstate.ComponentsHere();
        foreach (var task in context.Image.Tasks)
            foreach (var thread in task.Threads)
            {
                if (thread.Get<CpuRecord>() is not { } cpu)
                    context.Refuse(task, "CrImageIncomplete", $"thread {thread.VTid}", "its registers are not in the image", null, CrErrorKind.InvalidImage);
                else if (here is { } known && (Xstate.ComponentsInUse(cpu.Xstate.Span) & ~known) is not 0 and var lacking)
                    context.Refuse(task, "CrProcessorFeature", $"thread {thread.VTid}",
                        $"it has vector or other extended registers in use that this processor lacks (xsave components 0x{lacking:x})",
                        "Restore on a machine with the processor features of the one where the image was made.");
            }
    }
}
