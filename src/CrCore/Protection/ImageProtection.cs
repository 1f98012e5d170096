using CrCore.Checkpoint;
using CrCore.Image;

namespace CrCore.Protection;

/// <summary>Encrypts and decrypts images that exist, from file to file. The result appears only when it is whole.</summary>
public static class ImageProtection
{
    /// <returns>The new file's length.</returns>
    /// <exception cref="CrException">There is no new file.</exception>
    public static long Protect(string path, string destination, ImageKey key, bool overwrite, Action<long, long>? progress = null, CancellationToken cancel = default)
    {
        using var source = ImagePath.OpenFile(path);
        if (!source.CanSeek)
            throw ImagePath.NotAFile(path);
        using var plain = new ImageReader(ProtectedImage.UnwrapStream(source, key: null), leaveOpen: true);
        plain.ReadMetadata(cancel); // what is no image is not encrypted
        source.Position = 0;
        using var file = AtomicImageFile.Create(destination, overwrite);
        using var encrypting = new EncryptingStream(file.Stream, key);
        Copy(source, encrypting, source.Length, progress, cancel);
        encrypting.Complete();
        file.Commit();
        return new FileInfo(file.Path).Length;
    }

    /// <returns>The new file's length.</returns>
    /// <exception cref="CrException">There is no new file.</exception>
    public static long Unprotect(string path, string destination, ImageKey key, bool overwrite, Action<long, long>? progress = null, CancellationToken cancel = default)
    {
        var file = ImagePath.OpenStream(path, cancel);
        var length = file.CanSeek ? file.Length : 0;
        Stream source;
        try
        {
            source = ProtectedImage.UnwrapStream(file, key);
        }
        catch
        {
            file.Dispose();
            throw;
        }
        using (source)
        {
            using var result = AtomicImageFile.Create(destination, overwrite);
            Copy(source, result.Stream, length, progress, cancel);
            result.Commit();
            return new FileInfo(result.Path).Length;
        }
    }

    private static void Copy(Stream source, Stream destination, long total, Action<long, long>? progress, CancellationToken cancel)
    {
        var buffer = new byte[1 << 20];
        for (long done = 0; ;)
        {
            cancel.ThrowIfCancellationRequested();
            int n;
            try
            {
                n = source.Read(buffer);
            }
            catch (IOException e)
            {
                throw ImageError.ReadFailed(done, e);
            }
            if (n == 0)
                return;
            Guarded(() => destination.Write(buffer.AsSpan(0, n)));
            progress?.Invoke(done += n, total);
        }
    }

    private static void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "write the image");
        }
    }
}
