namespace CrModule;

/// <summary>An image that was made from another. It pipes into every command that takes an image.</summary>
public sealed class CrImageCopy
{
    internal CrImageCopy(string source, string path, long sourceLength, long length, TimeSpan duration)
        => (SourcePath, Path, SourceLength, Length, Duration) = (source, path, sourceLength, length, duration);

    /// <summary>The image it was made from.</summary>
    public string SourcePath { get; }

    /// <summary>The image's absolute path.</summary>
    public string Path { get; }

    /// <summary>The same path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <summary>Size of the image it was made from, in bytes.</summary>
    public long SourceLength { get; }

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <inheritdoc/>
    public override string ToString() => Path;
}
