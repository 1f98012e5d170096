namespace CrCore.Checkpoint;

/// <summary>Where an image is written: a file that appears when it is whole, or a pipe.</summary>
public abstract class ImageDestination : IDisposable
{
    /// <summary>As people know it.</summary>
    public abstract string Path { get; }

    /// <summary>Takes the image from front to end.</summary>
    public abstract Stream Stream { get; }

    /// <summary>Bytes written to <see cref="Stream"/>.</summary>
    public abstract long Length { get; }

    /// <summary>Whether nobody has seen what was written before <see cref="Commit"/>.</summary>
    public abstract bool CanBeginAgain { get; }

    /// <summary>The image is complete.</summary>
    /// <exception cref="CrException">It could not be brought where it was to go.</exception>
    public abstract void Commit();

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>A pipe, where the path is one: a FIFO, or a descriptor of this program (/dev/stdout, /dev/fd/3). Else a file.</summary>
    /// <param name="overwrite">Replace a regular file that has the name.</param>
    /// <exception cref="CrException">See <see cref="AtomicImageFile.Create(string, bool)"/> and <see cref="PipeDestination"/>.</exception>
    public static ImageDestination Open(string path, bool overwrite, CancellationToken cancel)
        => PipeDestination.TryOpen(path, cancel) ?? (ImageDestination)AtomicImageFile.Create(path, overwrite);
}
