using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Signals;

/// <summary>
/// Sends the pending signals that a puppet cannot hold back, and the one that stopped the task, once the thread has its own
/// mask. The sender's id is lost.
/// </summary>
internal static class LateSignals
{
    public static void Send(int tid, ThreadImage image)
    {
        Send(image.Get<PendingSignalsRecord>(), signal => Libc.Syscall(Sys.tkill, tid, signal));
        if (!image.IsLeader)
            return;
        Send(image.Task.Get<PendingSignalsRecord>(), signal => Libc.Syscall(Sys.kill, tid, signal));
        if (image.Task.Task.IsStopped && Libc.ErrnoOf(Libc.Syscall(Sys.kill, tid, StopSignal.For(image.Task))) is not Errno.None and var errno)
            throw new CrKernelException("CrSignalFailed", $"Stopping {image.Task}", errno);
    }

    private static void Send(PendingSignalsRecord? record, Func<int, long> send)
    {
        for (var i = 0; record is not null && i < record.Count; i++)
            if (PendingQueue.IsLate(record.Signal(i)) && Libc.ErrnoOf(send(record.Signal(i))) is not Errno.None and var errno)
                throw new CrKernelException("CrSignalFailed", $"Sending the pending signal {record.Signal(i)} to task {record.Id}", errno);
    }
}
