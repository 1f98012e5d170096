using CrShell.Cli;
using CrShell.Session;

namespace CrShell;

/// <summary>Entry point: reads the command line, then leaves everything to one <see cref="ShellSession"/>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        ShellOptions options;
        try
        {
            options = ShellOptions.Parse(args);
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine($"crshell: {e.Message}");
            Console.Error.WriteLine("Try 'crshell -Help'.");
            return ExitCodes.Usage;
        }

        switch (options.Mode)
        {
            case ShellMode.Help:
                Console.Out.Write(Usage.Text);
                return ExitCodes.Success;
            case ShellMode.Version:
                Console.Out.WriteLine(Usage.VersionLine);
                return ExitCodes.Success;
        }

        // The engine reports its use to its maker, and listens on a socket for debuggers, unless told not to; read once, when
        // its first type is touched.
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
        Environment.SetEnvironmentVariable("POWERSHELL_DIAGNOSTICS_OPTOUT", "1");
        ModulePath.Prepare(AppContext.BaseDirectory);
        HeadStart.Begin();

        using var session = ShellSession.Open(options);
        return session.Run();
    }
}
