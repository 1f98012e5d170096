namespace CrShell.Session;

/// <summary>
/// Puts the module folder that stands beside the published shell (<c>artifacts/CrModule</c> beside <c>artifacts/shell</c>)
/// on PSModulePath, so that its commands are found by name. The engine appends the user's and the shared folders itself.
/// </summary>
internal static class ModulePath
{
    private const string Variable = "PSModulePath";

    public static void Prepare(string shellDirectory)
    {
        var paths = Environment.GetEnvironmentVariable(Variable)?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var beside = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(shellDirectory));
        if (beside is null || !File.Exists(Path.Combine(beside, "CrModule", "CrModule.psd1")) || paths.Contains(beside))
            return;
        Environment.SetEnvironmentVariable(Variable, string.Join(':', [beside, .. paths]));
    }
}
