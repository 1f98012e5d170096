namespace CrShell.Cli;

/// <summary>What <c>-Help</c> and <c>-Version</c> print.</summary>
internal static class Usage
{
    public static string VersionLine
    {
        get
        {
            var shell = typeof(Usage).Assembly.GetName().Version;
            return $"crshell {shell?.ToString(3)} (PowerShell engine {EngineVersion()})";
        }
    }

    public const string Text =
        """
        Usage: crshell [options] [-Command <text> | [-File] <script> [<argument>...]]

        PowerShell in one process, for machines without pwsh. Without a command or a
        script it reads commands from standard input.

          -Command, -c <text>   run the text (everything that follows) and end
          -File, -f <script>    run a script; what follows are its arguments
          -NonInteractive       prompts are errors
          -NoExit               go on to the prompt afterwards
          -WorkingDirectory, -wd <path>
                                start there
          -Version, -v          print the versions and end
          -Help, -h             print this and end
          -NoProfile, -NoLogo, -Interactive, -ExecutionPolicy <x>
                                accepted as pwsh's; there is nothing to switch

        Exit codes: that of `exit n`; 1 after a terminating error, and for -Command
        when the last command failed; 130 after Ctrl+C; 64 for a wrong command line.

        Environment: NO_COLOR (anything) gives plain text; COLUMNS gives the width of
        redirected output (120 without it); PSModulePath as in pwsh.

        """;

    // Read from the file, so that -Version does not load the engine.
    private static string EngineVersion()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "System.Management.Automation.dll");
        if (!File.Exists(path))
            path = typeof(System.Management.Automation.PSObject).Assembly.Location;
        return System.Diagnostics.FileVersionInfo.GetVersionInfo(path).ProductVersion?.Split(' ', '+')[0] ?? "unknown";
    }
}
