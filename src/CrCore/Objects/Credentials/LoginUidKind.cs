using System.Globalization;
using System.Text;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Credentials;

/// <summary>
/// Audit users (loginuid of proc(5)): who logged in at the start of it all, whatever ids the program has taken since. Each
/// thread sets its own; over one that is set, with CAP_AUDIT_CONTROL alone, and never where the audit rules say that it is
/// immutable (audit_set_loginuid_perm in kernel/audit.c). The number of the audit session is the kernel's to give.
/// </summary>
internal sealed class LoginUidKind : ICapturesThread, IChecksImage, IRestoresTask, IRestoresThread
{
    private const string Id = "CrLoginUid";

    public IEnumerable<RecordType> Records { get; } = [new(LoginUidRecord.Id, "LOGIN_UID", LoginUidRecord.Read, LoginUidRecord.PayloadSize)];

    /// <summary>Tables are full, and /proc is still where it was before the task has its own root.</summary>
    public RestoreStage Stage => RestoreStage.Filled;

    public bool StepComesFirst => false;

    /// <summary>Threads are born with the leader's.</summary>
    public RestoreStage ThreadStage => RestoreStage.Threads;

    public bool ThreadStepComesFirst => false;

    public Action<RecordSink>? Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        // A kernel without CONFIG_AUDIT has no such file.
        if (!ProcValues.TryReadLoginUid(context.Proc, new TaskDir(thread.Pid, thread.Tid), out var uid))
            return null;
        if (thread.Tid != thread.Pid && ProcValues.TryReadLoginUid(context.Proc, new TaskDir(thread.Pid, thread.Pid), out var leaders) && leaders == uid)
            return null;
        return sink => sink.Emit(new LoginUidRecord(thread.VTid, uid));
    }

    public void Check(CheckContext context)
    {
        if (!ProcValues.TryReadLoginUid(context.Proc, Environment.ProcessId, out var own) || own == LoginUidRecord.Unset || Capabilities.HasInitial(context.Proc, Capabilities.AuditControl))
            return;
        foreach (var task in context.Image.Tasks)
            if (task.Threads.Count > 0 && task.Threads[0].Get<LoginUidRecord>() is { } saved && saved.Uid != own)
                context.Warn(task, Id, "loginuid", $"it was {Name(saved.Uid)} and will be this program's, {own}, which only CAP_AUDIT_CONTROL can change", "Restore with this capability, or from a session of the same user.");
    }

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
        => task.Image.Threads.Count > 0 ? Restore(context, task, task.Image.Threads[0], new TaskDir(task.Pid, task.Pid), Own(context), batch) : null;

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
        => thread.Image == thread.Task.Image.Threads[0] ? null
            : Restore(context, thread.Task, thread.Image, new TaskDir(thread.Task.Pid, thread.Tid), null, batch);

    /// <param name="now">What it has, where that is known.</param>
    private static Action? Restore(RestoreContext context, RestoringTask task, ThreadImage thread, TaskDir live, uint? now, SyscallBatch batch)
    {
        if (thread.Get<LoginUidRecord>() is not { } saved || saved.Uid == now)
            return null;
        // The file takes it only from the thread that it belongs to, and in one piece (proc_loginuid_write in fs/proc/base.c).
        var text = Encoding.ASCII.GetBytes(saved.Uid.ToString(CultureInfo.InvariantCulture));
        var file = batch.Try(Sys.openat, FileNative.AT_FDCWD, batch.Text("/proc/thread-self/loginuid"), FileNative.O_WRONLY | FileNative.O_CLOEXEC, 0);
        batch.Try(Sys.write, file, batch.In(text), text.Length);
        batch.Try(Sys.close, file);
        return () =>
        {
            if (ProcValues.TryReadLoginUid(context.Proc, live, out var end) && end != saved.Uid)
                context.Warn(task, Id, $"loginuid of thread {thread.VTid}", $"it was {Name(saved.Uid)} and is {Name(end)} now: the kernel did not let it be changed");
        };
    }

    private static uint? Own(RestoreContext context) => context.States.Get(() => new Program(context.Proc)).Uid;

    private static string Name(uint uid) => uid == LoginUidRecord.Unset ? "unset" : uid.ToString(CultureInfo.InvariantCulture);

    /// <summary>All puppets start with this program's.</summary>
    private sealed class Program(ProcReader proc)
    {
        public uint? Uid { get; } = ProcValues.TryReadLoginUid(proc, Environment.ProcessId, out var uid) ? uid : null;
    }
}
