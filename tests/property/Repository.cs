namespace CrProperty;

/// <summary>The folder that the tests were built from: some compare the code with its documents.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "CrModule.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("CrModule.sln is not above the tests.");
        return folder;
    }
}
