using System.Diagnostics;
using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// Waiting for one traced thread. A stop is only looked at, never consumed: should this program die, the kernel then
/// delivers what the stop held back (safe for the target), where a consumed stop would be lost.
/// </summary>
internal readonly struct Tracee(int tid, bool polled)
{
    /// <summary>
    /// Looks before it sleeps: a short batch that runs on another processor is over by then. More would be in its way: where that one
    /// is taken, the scheduler has woken the task on this very processor, and it begins only when this thread sleeps.
    /// </summary>
    private const int Spins = 5;

    /// <summary>Looks at a child of this process, each followed by giving the processor away, before each is followed by a sleep.</summary>
    private const int Yields = 250;

    public int Tid => tid;

    /// <summary>
    /// The thread belongs to a child of this very process. The .NET runtime waits for its children too and can take a
    /// stop away (dotnet/runtime issue 133736), so waiting must not rely on wait(2) alone.
    /// </summary>
    public bool Polled => polled;

    /// <summary>Waits for the next stop or end.</summary>
    /// <param name="deadline">Stopwatch timestamp, or long.MaxValue to wait as long as it takes.</param>
    /// <param name="report">What happened.</param>
    /// <returns>false when the deadline passed first.</returns>
    public bool AwaitStop(long deadline, out WaitReport report)
    {
        for (var round = 0; ; round++)
        {
            var block = !polled && deadline == long.MaxValue && round >= Spins;
            var e = Wait.Peek(tid, noHang: !block, out report);
            if (e == Errno.None && report.Tid != 0)
            {
                // Of a child of ours the stop is taken after all, so that the runtime never finds it; its end is not ours to take.
                if (polled && report.IsStop)
                    Wait.Take(tid, noHang: true, out _);
                return true;
            }
            if (e != Errno.None && e != Errno.ECHILD)
                throw new CrKernelException("CrWaitFailed", $"Waiting for task {tid}", e) { Pid = tid };
            if (polled && StopFromSigInfo(out report))
                return true;
            if (e == Errno.ECHILD)
            {
                // A thread that was released by another's exec or reaped by its parent leaves nothing to wait for.
                report = new WaitReport(tid, 0);
                return true;
            }
            if (Stopwatch.GetTimestamp() > deadline)
                return false;
            if (round < Spins)
                continue;
            if (round < Yields)
                Thread.Yield();
            else
                Thread.Sleep(1);
        }
    }

    /// <summary>A successful PTRACE_GETSIGINFO means that the thread is stopped; its si_code tells in which way.</summary>
    private bool StopFromSigInfo(out WaitReport report)
    {
        Span<byte> info = stackalloc byte[128];
        if (Ptrace.GetSigInfo(tid, info) != Errno.None)
        {
            report = default;
            return false;
        }
        var signal = BitConverter.ToInt32(info);
        var code = BitConverter.ToInt32(info[8..]);
        // An event stop has si_code = signal | event << 8 (128, or 3 for clone); a system-call stop has 0x85; a signal's code has neither.
        var status = code >> 8 == 128 ? (code & 0x7f) | 128 << 8 : code is (5 | 0x80) or (5 | 3 << 8) ? code : signal;
        report = new WaitReport(tid, 0x7f | (status & 0xff) << 8 | (status >> 8 & 0xff) << 16);
        return true;
    }
}
