using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.ProcessState;

/// <summary>
/// Attributes of a thread, and those of its task that a change of credentials resets: the parent-death signal and the
/// dumpable flag (commit_creds in kernel/cred.c). So this kind comes after the credentials.
/// </summary>
internal sealed class ThreadSettingsKind : ICapturesThread, IRestoresThread, IChecksImage
{
    private const uint AskPersonality = uint.MaxValue;
    private const int MceKill = 33, MceKillGet = 34, MceKillSet = 1;

    public IEnumerable<RecordType> Records { get; } =
        [new(ProcessRecordIds.ThreadSettings, "THREAD_SETTINGS", ThreadSettingsRecord.Read, ThreadSettingsRecord.PayloadSize)];

    public RestoreStage ThreadStage => RestoreStage.Privileges;

    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        RemoteBuffer name = batch.Out(ImageFormat.CommLength), death = batch.Out(4), tsc = batch.Out(4);
        batch.Must("read the name", null, Sys.prctl, (int)PrctlOption.GetName, name);
        batch.Must("read the parent-death signal", null, Sys.prctl, (int)PrctlOption.GetParentDeathSignal, death);
        batch.Must("read the time-stamp counter flag", null, Sys.prctl, (int)PrctlOption.GetTsc, tsc);
        var personality = batch.Must("read the personality", null, Sys.personality, AskPersonality);
        var machineCheck = batch.Must("read the machine-check policy", null, Sys.prctl, MceKillGet, 0, 0, 0, 0);
        var speculation = Speculation.Read(batch);
        return sink =>
        {
            var signal = batch.Read<uint>(death);
            if (signal != 0)
                WarnOfParentThread(context, thread);
            sink.Emit(new ThreadSettingsRecord
            {
                VTid = thread.VTid,
                Name = Text(batch.Bytes(name)),
                ParentDeathSignal = signal,
                Personality = (uint)batch.Result(personality),
                TimeStampCounter = batch.Read<uint>(tsc),
                MachineCheckKill = (uint)batch.Result(machineCheck),
                StoreBypass = speculation.Result(batch, 0),
                IndirectBranch = speculation.Result(batch, 1),
                L1dFlush = speculation.Result(batch, 2),
            });
        };
    }

    /// <summary>The kernel sends it when the thread that made the task ends. Restored tasks are children of their parents' first threads.</summary>
    private static void WarnOfParentThread(CaptureContext context, FrozenThread thread)
    {
        foreach (var task in context.Tasks)
            if (task.Pid == thread.Pid && task.Parent is { } parent && task.ParentTid != parent.Leader.Tid)
                context.Warnings.Add(new("CrParentThread", CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.Pid, task.Comm, "parent-death signal",
                    $"it comes at the end of thread {task.ParentTid} of {parent.Pid} ({parent.Comm}), and will come at that of its first thread instead",
                    "Where that matters, let the first thread start the process, or none that ends before it."));
    }

    private static string Text(ReadOnlySpan<byte> name)
    {
        var end = name.IndexOf((byte)0);
        return LinuxText.Decode(end < 0 ? name : name[..end]);
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<ThreadSettingsRecord>() is { } saved)
            Restore(saved, batch);
        // The mm has one flag for all threads, and each thread's new credentials reset it.
        if (thread.Image == thread.Task.Image.Threads[^1] && thread.Task.Image.Get<ProcessRecord>() is { } process)
            RestoreAddressSpace(context, thread.Task, process, batch);
        return null;
    }

    private static void Restore(ThreadSettingsRecord saved, SyscallBatch batch)
    {
        batch.Must("set the name", saved.Name, Sys.prctl, (int)PrctlOption.SetName, batch.Text(saved.Name));
        batch.Must("set the personality", null, Sys.personality, saved.Personality);
        batch.Must("set the machine-check policy", null, Sys.prctl, MceKill, MceKillSet, saved.MachineCheckKill, 0, 0);
        Speculation.Restore(batch, 0, saved.StoreBypass);
        Speculation.Restore(batch, 1, saved.IndirectBranch);
        Speculation.Restore(batch, 2, saved.L1dFlush);
        batch.Must("set the time-stamp counter flag", null, Sys.prctl, (int)PrctlOption.SetTsc, saved.TimeStampCounter);
        batch.Must("set the parent-death signal", null, Sys.prctl, (int)PrctlOption.SetParentDeathSignal, saved.ParentDeathSignal);
    }

    private static void RestoreAddressSpace(RestoreContext context, RestoringTask task, ProcessRecord process, SyscallBatch batch)
    {
        if (process.MemoryDenyWriteExecute != 0)
            batch.Must("deny writable and executable memory", null, Sys.prctl, (int)PrctlOption.SetMemoryDenyWriteExecute, process.MemoryDenyWriteExecute, 0, 0, 0);
        // 2 is the kernel's to give (SUID_DUMP_ROOT, prctl(2)); 0 shuts out the same tracers.
        if (process.Dumpable > 1)
            context.Warn(task, "CrDumpable", "dumpable", "it was 2 (core dumps readable by root only), which cannot be set; it is 0 now");
        batch.Must("set the dumpable flag", null, Sys.prctl, (int)PrctlOption.SetDumpable, process.Dumpable == 1 ? 1 : 0);
    }

    public void Check(CheckContext context)
    {
        foreach (var task in context.Image.Tasks)
            if (task.Get<ProcessRecord>() is { Dumpable: > 1 })
                context.Warn(task, "CrDumpable", "dumpable", "it was 2 (core dumps readable by root only), which cannot be set; it will be 0");
    }
}
