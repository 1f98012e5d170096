namespace CrShell.Cli;

/// <summary>The exit codes that the shell gives by itself; a script's <c>exit n</c> takes precedence.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>A terminating error, or for <c>-Command</c> a last command that failed.</summary>
    public const int Failure = 1;

    /// <summary>The command line could not be understood (pwsh uses 64, EX_USAGE of sysexits.h).</summary>
    public const int Usage = 64;

    /// <summary>Stopped by Ctrl+C: 128 + SIGINT, as shells report it.</summary>
    public const int Interrupted = 130;
}
