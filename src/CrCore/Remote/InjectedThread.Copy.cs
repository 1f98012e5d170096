using CrCore.Kernel;

namespace CrCore.Remote;

internal sealed partial class InjectedThread
{
    /// <summary>Offset in the arena where the code leaves the helper's tid or −errno.</summary>
    private const int CopyResultAt = 16;

    /// <summary>Whether <see cref="TryCopy"/> can be used: it needs a stop by signal.</summary>
    public bool CanCopy => _state.Marker != 0;

    /// <summary>
    /// Makes a copy of the address space, by a helper thread of the process. Nothing else may be written to this thread's
    /// site while the copy lives.
    /// </summary>
    /// <param name="errno">Why there is none: no memory for it, no process or thread more allowed.</param>
    public AddressSpaceCopy? TryCopy(out Errno errno)
    {
        Check(Ptrace.SetOptions(Tid, PtraceOptions.TraceSysGood | PtraceOptions.TraceClone), "Setting trace options");
        ProcessMemory.Write(_pid, _arena, BitConverter.GetBytes(3L));
        var helper = 0;
        for (var given = 0; ;)
        {
            Check(Ptrace.Continue(Tid, given), "Continuing");
            given = 0;
            var stop = AwaitStop();
            if (stop.IsCloneStop)
                helper = NewTask(Tid);
            else if (stop.StopSignal == _state.Marker && stop.Event == 0)
                break;
            else
                given = Given(stop, Tid);
        }
        Check(Ptrace.SetOptions(Tid, PtraceOptions.TraceSysGood), "Setting trace options");
        Span<byte> result = stackalloc byte[8];
        ProcessMemory.Read(_pid, _arena + CopyResultAt, result);
        errno = Libc.ErrnoOf(BitConverter.ToInt64(result));
        return helper == 0 ? null : CopyBy(helper, out errno);
    }

    private AddressSpaceCopy? CopyBy(int helper, out Errno errno)
    {
        errno = Errno.None;
        var tracee = new Tracee(helper, _tracee.Polled);
        var report = Await(tracee);
        while (!report.IsEnd)
        {
            if (report.IsCloneStop)
            {
                var copy = NewTask(helper);
                Check(Ptrace.Detach(helper), "Letting the helper go");
                var born = Await(new Tracee(copy, polled: false));
                return born.IsEventStop ? new AddressSpaceCopy(_pid, helper, copy, _site)
                    : throw new CrTargetException("CrCopyEnded", $"Task {Tid}: the copy of its memory ended at once ({born}).", "Something killed it; try again.") { Pid = Tid };
            }
            Check(Ptrace.Continue(helper), "Continuing the helper");
            report = Await(tracee);
        }
        // The helper could not make the copy, and says why with its exit code.
        Wait.Take(helper, noHang: true, out _);
        errno = (Errno)(report.Status >> 8 & 0xff);
        return null;
    }

    private static WaitReport Await(Tracee tracee)
    {
        tracee.AwaitStop(long.MaxValue, out var report);
        return report;
    }

    private int NewTask(int parent)
    {
        Check(Ptrace.GetEventMessage(parent, out var message), "Asking for the new task");
        return (int)message;
    }
}
