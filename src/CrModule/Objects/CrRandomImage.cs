namespace CrModule;

/// <summary>An image that was made up.</summary>
public sealed class CrRandomImage
{
    internal CrRandomImage(string path, int seed, int tasks, long length) => (Path, Seed, TaskCount, Length) = (path, seed, tasks, length);

    /// <summary>The image's absolute path.</summary>
    public string Path { get; }

    /// <summary>The number that makes the same image again.</summary>
    public int Seed { get; }

    /// <summary>Tasks in the image.</summary>
    public int TaskCount { get; }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => Path;
}
