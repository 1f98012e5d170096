using System.Management.Automation;
using System.Management.Automation.Internal;
using System.Runtime.CompilerServices;

namespace CrShell.Session;

/// <summary>What the engine does late and once in a process, done beside its own start, where it costs a command no time.</summary>
internal static class HeadStart
{
    /// <summary>Holds what the engine knows of modules from sessions before. Where it has no file yet it sleeps three times for one.</summary>
    internal const string AnalysisCache = "System.Management.Automation.AnalysisCache";

    // Vector code for 16, 32 and 64 characters is compiled as it is met.
    private static readonly int[] Lengths = [24, 48, 96];

    /// <summary>For every session, before it is opened.</summary>
    public static void Begin()
    {
        // Not of the pool: it sleeps.
        new Thread(OpenAnalysisCache) { IsBackground = true }.Start();
        // The expression that finds escape sequences is compiled at its first use, by the first table that is shown.
        ThreadPool.UnsafeQueueUserWorkItem(static _ => Undecorated(0), null);
    }

    /// <summary>For a command that is about to show a table.</summary>
    public static void Table()
    {
        foreach (var length in Lengths)
            Undecorated(length);
    }

    private static void OpenAnalysisCache()
    {
        if (typeof(PSObject).Assembly.GetType(AnalysisCache) is not { } cache)
            return;
        try
        {
            RuntimeHelpers.RunClassConstructor(cache.TypeHandle);
        }
        catch (TypeInitializationException)
        {
            // Whoever uses it is told the same.
        }
    }

    private static void Undecorated(int length) => _ = new StringDecorated("\e[0m" + new string('-', length)).ToString(OutputRendering.PlainText);
}
