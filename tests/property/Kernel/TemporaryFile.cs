namespace CrProperty.Kernel;

/// <summary>An empty file that is deleted when the test ends.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public string Path { get; } = System.IO.Path.GetTempFileName();

    public void Dispose() => File.Delete(Path);
}
