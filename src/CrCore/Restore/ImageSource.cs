using CrCore.Image;
using CrCore.Kernel;
using CrCore.Protection;

namespace CrCore.Restore;

/// <summary>The image of a restore: a file, whose pages are taken in any order, or a pipe, whose pages come when they come.</summary>
internal sealed class ImageSource : IDisposable
{
    private readonly ImageFile? _file;
    private readonly ImageReader? _reader;

    private ImageSource(ImageFile file) => (_file, Model) = (file, file.Model);

    private ImageSource(ImageReader reader, CancellationToken cancel) => (_reader, Model) = (reader, reader.ReadMetadata(cancel));

    public ImageModel Model { get; }

    /// <summary>Null for a pipe.</summary>
    public ImageFile? File => _file;

    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied.</exception>
    /// <exception cref="CrImageException">The metadata breaks the format, or the file is not whole.</exception>
    public static ImageSource Open(string path, ImageKey? key, CancellationToken cancel)
    {
        if (FileStatus.Read(path, out var status) == Errno.None && status.IsRegular)
            return new ImageSource(ImageFile.Open(path, key: key));
        var reader = ImageReader.Open(path, key: key);
        try
        {
            return new ImageSource(reader, cancel);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>Fills all pages into the puppets and reads the image to its end.</summary>
    /// <returns>Pages filled.</returns>
    public long Fill(RestoreContext context, Action<long> progress, CancellationToken cancel)
    {
        if (_file is not null)
            return new ParallelFiller(context, _file, progress).FillAll(cancel);
        using var filler = new PageFiller(context, _reader!, progress);
        return filler.FillAll(cancel);
    }

    public void Dispose()
    {
        _file?.Dispose();
        _reader?.Dispose();
    }
}
