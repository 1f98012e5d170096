using CrCore.Kernel;

namespace CrCore.Remote;

/// <summary>Turns the errno of a ptrace request on a stopped task into the exception that says which.</summary>
internal static class TraceCall
{
    /// <param name="e">The request's errno.</param>
    /// <param name="what">What was tried, as "Reading the registers".</param>
    /// <param name="tid">The tracee.</param>
    /// <exception cref="CrKernelException">The request failed.</exception>
    public static void Check(Errno e, string what, int tid)
    {
        if (e != Errno.None)
            throw new CrKernelException("CrTraceFailed", $"{what} of task {tid}", e) { Pid = tid };
    }
}
