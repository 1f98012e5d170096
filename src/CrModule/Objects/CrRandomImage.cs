namespace CrModule;

/// <summary>An image that was made up.</summary>
public sealed class CrRandomImage
{
    internal CrRandomImage(string path, int seed, int tasks, long length) => (Path, Seed, TaskCount, Length) = (path, seed, tasks, length);

    public string Path { get; }

    public int Seed { get; }

    public int TaskCount { get; }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    public override string ToString() => Path;
}
