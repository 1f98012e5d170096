using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace CrShell.Session;

/// <summary>
/// Loads CrModule, for which this shell is made, when one of its commands is looked up and before the engine looks: it would go
/// through all folders of PATH for a program of that name, and then through the modules on PSModulePath. What goes wrong here is
/// left to the engine, which looks then itself and says what it finds.
/// </summary>
internal sealed class ModuleOnPath(EngineIntrinsics engine)
{
    private const string Name = "CrModule", Preference = "PSModuleAutoLoadingPreference";

    private string? _manifestText;

    /// <summary>Takes part in the lookups of an open session.</summary>
    public static void Join(Runspace runspace)
    {
        // The proxy itself answers only while no command runs.
        var engine = (EngineIntrinsics)runspace.SessionStateProxy.GetVariable("ExecutionContext");
        engine.InvokeCommand.PreCommandLookupAction = new ModuleOnPath(engine).BeforeLookup;
    }

    /// <summary>The first manifest of the module on a search path; null where there is none, or where the engine has to choose a version.</summary>
    internal static string? Find(string? searchPath)
    {
        foreach (var entry in searchPath?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            var folder = Path.Combine(entry, Name);
            if (Directory.Exists(folder))
                return Path.Combine(folder, $"{Name}.psd1") is var manifest && File.Exists(manifest) ? manifest : null;
        }
        return null;
    }

    private void BeforeLookup(object? sender, CommandLookupEventArgs lookup)
    {
        var command = lookup.CommandName;
        if (!MayBeOurs(command) || Find(Environment.GetEnvironmentVariable("PSModulePath")) is not { } manifest)
            return;
        // The manifest names its commands one by one, in quotes.
        _manifestText ??= File.ReadAllText(manifest);
        if (!_manifestText.Contains($"'{command}'", StringComparison.OrdinalIgnoreCase) || !MayLoad() || engine.InvokeCommand.GetCmdlet(command) is not null)
            return;
        if (IsForTrees(command) && Environment.ProcessorCount > 1)
            Task.Run(() =>
            {
                Rehearse(command, Path.GetDirectoryName(manifest)!);
                HeadStart.Table();
            });
        using var import = PowerShell.Create(RunspaceMode.CurrentRunspace);
        import.AddCommand(@"Microsoft.PowerShell.Core\Import-Module").AddParameter("Name", manifest).AddParameter("Scope", "Global").AddParameter("ErrorAction", ActionPreference.Ignore);
        import.Invoke();
    }

    private static bool MayBeOurs(string command) => command.Contains("-Cr", StringComparison.OrdinalIgnoreCase) || IsForTrees(command);

    private static bool IsForTrees(string command) => command.EndsWith("-ProcessTree", StringComparison.OrdinalIgnoreCase);

    private bool MayLoad()
        => engine.SessionState.PSVariable.GetValue(Preference) is not { } preference
            || (LanguagePrimitives.TryConvertTo<PSModuleAutoLoadingPreference>(preference, out var value) && value == PSModuleAutoLoadingPreference.All);

    /// <summary>
    /// While this thread reads the module's manifest and views, another goes through what the command is about to need. Its errors are
    /// nobody's: the command meets the same and tells them.
    /// </summary>
    private static void Rehearse(string command, string folder)
        => Assembly.LoadFrom(Path.Combine(folder, "CrCore.dll")).GetType("CrCore.Rehearsal")
            ?.GetMethod(command.StartsWith("Restore-", StringComparison.OrdinalIgnoreCase) ? "Restore" : "Checkpoint")?.Invoke(null, null);
}
