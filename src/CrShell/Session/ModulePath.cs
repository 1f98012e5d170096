namespace CrShell.Session;

/// <summary>
/// Puts the module folder that stands beside the published shell (<c>artifacts/CrModule</c> beside <c>artifacts/shell</c>)
/// on PSModulePath, so that its commands are found by name. The engine appends the user's and the shared folders itself.
/// </summary>
internal static class ModulePath
{
    private const string Variable = "PSModulePath";

    public static void Prepare(string shellDirectory)
        => Environment.SetEnvironmentVariable(Variable, With(shellDirectory, Environment.GetEnvironmentVariable(Variable)));

    /// <summary>The search path <paramref name="current"/> with the folder beside <paramref name="shellDirectory"/> before it.</summary>
    internal static string? With(string shellDirectory, string? current)
    {
        var beside = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(shellDirectory));
        if (beside is null || !File.Exists(Path.Combine(beside, "CrModule", "CrModule.psd1")))
            return current;
        var paths = current?.Split(':', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return paths.Contains(beside) ? current : string.Join(':', [beside, .. paths]);
    }
}
