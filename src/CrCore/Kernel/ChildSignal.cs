using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>How this process hears of its children (SIGCHLD, sigaction(2)).</summary>
internal static unsafe partial class ChildSignal
{
    private const int SigChld = 17, SaNoCldStop = 1;

    /// <summary>struct sigaction of glibc on x86-64 (bits/sigaction.h); the mask is 1024 bits wide.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Action
    {
        public nint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nint Restorer;
    }

    /// <summary>
    /// Keeps the handler that is there and adds SA_NOCLDSTOP: no SIGCHLD for stops, ptrace stops included, on which the
    /// .NET runtime would look for ended children and take a stopped one for such. An inherited SIG_IGN, with which no
    /// end could ever be waited for, becomes the default.
    /// </summary>
    public static void SilenceStops()
    {
        Action action;
        if (SigAction(SigChld, null, &action) != 0)
            return;
        const nint ignore = 1;
        var wrong = action.Handler == ignore;
        if ((action.Flags & SaNoCldStop) != 0 && !wrong)
            return;
        if (wrong)
            action.Handler = 0;
        action.Flags |= SaNoCldStop;
        _ = SigAction(SigChld, &action, null);
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int SigAction(int signal, Action* action, Action* old);
}
