using Microsoft.Win32.SafeHandles;

namespace CrCore.Image;

/// <summary>An image's bytes, found by their offset; several threads may read at once.</summary>
internal abstract class ImageBytes : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Reads from an offset on; 0 behind the end.</summary>
    /// <exception cref="CrImageException">They cannot be read, or are not what was written.</exception>
    public abstract int Read(Span<byte> buffer, long offset);

    public abstract void Dispose();
}

/// <summary>The bytes of a file as they are.</summary>
internal sealed class PlainBytes(FileStream stream) : ImageBytes
{
    private readonly SafeFileHandle _file = stream.SafeFileHandle;

    public override long Length { get; } = RandomAccess.GetLength(stream.SafeFileHandle);

    public override int Read(Span<byte> buffer, long offset)
    {
        try
        {
            return RandomAccess.Read(_file, buffer, offset);
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(offset, e);
        }
    }

    public override void Dispose() => stream.Dispose();
}
