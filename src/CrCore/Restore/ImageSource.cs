using CrCore.Image;
using CrCore.Kernel;
using CrCore.Protection;

namespace CrCore.Restore;

/// <summary>
/// The image of a restore: a file, whose pages are taken in any order, or a pipe, whose pages come when they come. One that is
/// needed whole before anything is made is put down in memory, and is a file from then on.
/// </summary>
internal sealed class ImageSource : IDisposable
{
    private readonly ImageFile? _file;
    private readonly ImageReader? _reader;

    private ImageSource(ImageFile file, bool isFromPipe) => (_file, Model, IsFromPipe) = (file, file.Model, isFromPipe);

    private ImageSource(ImageReader reader, ImageModel model) => (_reader, Model, IsFromPipe) = (reader, model, true);

    public ImageModel Model { get; }

    /// <summary>It may come right from the checkpoint, whose tree ends when the image has been written.</summary>
    public bool IsFromPipe { get; }

    /// <summary>Null for a pipe.</summary>
    public ImageFile? File => _file;

    /// <exception cref="CrArgumentException">CrImageNotFound, CrImageAccessDenied.</exception>
    /// <exception cref="CrImageException">The metadata breaks the format, or the file is not whole.</exception>
    /// <param name="isNeededWhole">Whether an image that comes through a pipe must have come whole before anything is made.</param>
    public static ImageSource Open(string path, ImageKey? key, Func<ImageModel, bool> isNeededWhole, CancellationToken cancel)
    {
        if (FileStatus.Read(path, out var status) == Errno.None && status.IsRegular)
            return new ImageSource(ImageFile.Open(path, key: key), isFromPipe: false);
        var spool = new ImageSpool(ImagePath.OpenStream(path, cancel));
        ImageReader? reader = null;
        try
        {
            reader = new ImageReader(ProtectedImage.UnwrapStream(spool, key));
            var model = reader.ReadMetadata(cancel);
            if (!isNeededWhole(model))
            {
                spool.Forget();
                return new ImageSource(reader, model);
            }
            spool.ReadOn(cancel);
            var file = ImageFile.Open(spool.Path, key: key);
            reader.Dispose();
            return new ImageSource(file, isFromPipe: true);
        }
        catch
        {
            reader?.Dispose();
            spool.Dispose();
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
