using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Signals;

/// <summary>
/// Sends the pending signals that a puppet cannot hold back, once the thread has its own mask. What <see cref="SignalSending"/> cannot claim is lost: the sender's id of a plain kill(2).
/// </summary>
internal static class LateSignals
{
    public static void Send(int pid, int tid, ThreadImage image)
    {
        Send(image.Get<PendingSignalsRecord>(), pid, tid);
        if (image.IsLeader)
            Send(image.Task.Get<PendingSignalsRecord>(), pid, 0);
    }

    private static void Send(PendingSignalsRecord? record, int pid, int tid)
    {
        for (var i = 0; record is not null && i < record.Count; i++)
            if (PendingQueue.IsLate(record.Signal(i)) && SignalSending.Send(pid, tid, record[i]) is not Errno.None and var errno)
                throw new CrKernelException("CrSignalFailed", $"Sending the pending signal {record.Signal(i)} to task {record.Id}", errno);
    }
}
