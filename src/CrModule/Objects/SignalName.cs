namespace CrModule;

/// <summary>Names of signals on x86-64 (signal(7)).</summary>
internal static class SignalName
{
    private static readonly string[] Names =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV",
        "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN",
        "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>Where real-time signals begin for programs: the C library keeps 32 and 33 for itself.</summary>
    private const int RealTimeMin = 34, RealTimeMax = 64;

    public static string Of(int signal) => signal switch
    {
        >= 1 and <= 31 => Names[signal - 1],
        >= RealTimeMin and <= RealTimeMax => signal == RealTimeMin ? "SIGRTMIN" : $"SIGRTMIN+{signal - RealTimeMin}",
        _ => $"signal {signal}",
    };
}
