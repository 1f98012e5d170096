using System.Diagnostics;
using CrCore;
using CrCore.Kernel;

namespace CrProperty.Kernel;

/// <summary>
/// The end of a child that this very process may have traced. The runtime takes a stop for an end when some other child ends at
/// that moment (dotnet/runtime 133736); then it neither waits for the child any more nor knows how it ends, and both is left to whoever asks here.
/// </summary>
internal static class ChildEnd
{
    private const int SigKill = 9;

    /// <summary>Waits until the child has ended and its pid is free.</summary>
    /// <returns>Its exit code as the runtime counts it: 128 and the number of the signal that ended it.</returns>
    public static int Await(Process process)
    {
        process.WaitForExit();
        while (Wait.Take(process.Id, noHang: false, out var report) == Errno.None)
            if (report.IsEnd)
                return (report.Status & 0x7f) is var signal && signal != 0 ? 128 + signal : report.Status >> 8;
        // ECHILD: the runtime has waited for it, as it should.
        return process.ExitCode;
    }

    /// <summary>Kills the child, if it still runs, and waits for it.</summary>
    public static void Kill(Process process, bool withTree = false)
    {
        if (!process.HasExited)
            process.Kill(withTree);
        process.WaitForExit();
        // The runtime is through with it. Who is a child of this process all the same has not been waited for.
        if (Wait.Take(process.Id, noHang: true, out var report) != Errno.None || report.IsEnd)
            return;
        Libc.Syscall(Sys.kill, process.Id, SigKill);
        Await(process);
    }
}
