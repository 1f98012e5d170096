using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>
/// Keeps the kernel from handing a thread the calls that it makes for this program as SIGSYS (PR_SET_SYSCALL_USER_DISPATCH of
/// prctl(2)): forced upon a thread whose signals are masked, one would end the process.
/// </summary>
internal readonly struct SuspendedDispatch : IDisposable
{
    private readonly int _tid;
    private readonly UserDispatch _own;

    private SuspendedDispatch(int tid, UserDispatch own) => (_tid, _own) = (tid, own);

    /// <param name="own">The dispatch of the stopped thread.</param>
    public static SuspendedDispatch Of(int tid, UserDispatch own)
    {
        if (!own.IsOn)
            return default;
        TraceCall.Check(Ptrace.SetUserDispatch(tid, default), "Suspending the dispatch of system calls", tid);
        return new SuspendedDispatch(tid, own);
    }

    public void Dispose()
    {
        if (_own.IsOn)
            TraceCall.Check(Ptrace.SetUserDispatch(_tid, _own), "Resuming the dispatch of system calls", _tid);
    }
}
