using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Signals;

/// <summary>
/// That a child was continued and its parent has not asked for it yet (WCONTINUED of wait(2), SIGNAL_STOP_CONTINUED in the kernel).
/// Only the parent's own wait tells, which the frozen parent is made to call so that it takes nothing; the image has it as the
/// child's exit code.
/// </summary>
internal sealed class ContinueNoticeKind : ICapturesTask, IAsksTask, IRestoresTask
{
    private const int All = 0, ByPid = 1;

    /// <summary>WNOHANG, WCONTINUED, WNOWAIT, __WALL.</summary>
    private const int OnlyLook = 1 | 8 | 0x01000000 | 0x40000000;

    private const int SigCont = 18;

    public IEnumerable<RecordType> Records => [];

    /// <summary>As a rule none was, which one call for all children tells.</summary>
    public Action<RecordSink>? Capture(CaptureContext context, FrozenTask task, SyscallBatch batch)
    {
        if (!task.Children.Exists(c => !c.IsZombie))
            return null;
        context.States.Get<Asked>().Answer = Ask(batch, All, 0);
        context.States.Get<Asked>().Of = (task, batch);
        return null;
    }

    public Func<SyscallBatch, bool>? Ask(CaptureContext context, FrozenTask task)
    {
        var asked = context.States.Get<Asked>();
        if (asked.Of.Task != task || !IsYes(asked.Of.Batch, asked.Answer))
            return null;
        List<(FrozenTask Child, RemoteBuffer Answer)>? answers = null;
        return batch =>
        {
            if (answers is null)
            {
                answers = [];
                foreach (var child in task.Children)
                    if (!child.IsZombie)
                        answers.Add((child, Ask(batch, ByPid, child.VPid)));
                return true;
            }
            foreach (var (child, answer) in answers)
                child.IsContinueNews = IsYes(batch, answer);
            return false;
        };
    }

    private static RemoteBuffer Ask(SyscallBatch batch, int of, int pid)
    {
        var answer = batch.Out(SigInfo.Length);
        batch.Try(Sys.waitid, of, pid, answer, OnlyLook, 0);
        return answer;
    }

    /// <summary>si_signo is SIGCHLD where there was something to tell, and 0 where not.</summary>
    private static bool IsYes(SyscallBatch batch, RemoteBuffer answer) => BitConverter.ToInt32(batch.Bytes(answer)) != 0;

    public RestoreStage Stage => RestoreStage.State;

    /// <summary>
    /// While the puppet has one thread, and its own and its parent's saved signals are not queued yet: a stop takes away each SIGCONT
    /// that waits, and the parent's SIGCHLD of this is drained with those of its other children.
    /// </summary>
    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
        => task.Image.Task.IsContinueNews && task.Parent is not null
            ? () =>
            {
                GroupStop.Pass(task);
                var own = new SyscallBatch();
                own.Must("take the signal that continued it", null, Sys.rt_sigtimedwait, own.In(new SignalSet(0).With(SigCont)), 0, own.In(new TimeSpec(0, 0)), SignalSet.Size);
                task.Remote.Run(own);
            }
            : null;

    /// <summary>The question to the task that is being captured.</summary>
    private sealed class Asked
    {
        public (FrozenTask Task, SyscallBatch Batch) Of { get; set; }

        public RemoteBuffer Answer { get; set; }
    }
}
