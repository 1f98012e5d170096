using CrCore.Image;
using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Restore;

/// <summary>A pipe whose bytes are put down in memory while they are read, until somebody says that they are not wanted again.</summary>
internal sealed class ImageSpool(Stream source) : ForwardReader
{
    private const int Piece = 1 << 20;

    private SafeFileHandle? _memory = MemoryFd.Create("image");
    private long _kept;

    /// <summary>Where all that was read can be had again, while this object lives.</summary>
    public string Path => $"/proc/self/fd/{_memory!.DangerousGetHandle()}";

    /// <summary>What comes from now on is read only once.</summary>
    public void Forget()
    {
        _memory?.Dispose();
        _memory = null;
    }

    /// <summary>Reads the pipe to its end, to be had at <see cref="Path"/>.</summary>
    /// <exception cref="CrImageException">CrImageReadFailed.</exception>
    public void ReadOn(CancellationToken cancel)
    {
        var piece = new byte[Piece];
        try
        {
            while (Read(piece) > 0)
                cancel.ThrowIfCancellationRequested();
        }
        catch (IOException e)
        {
            throw ImageError.ReadFailed(_kept, e);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        var n = source.Read(buffer);
        if (_memory is not null)
            Keep(buffer[..n]);
        return n;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Forget();
            source.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_memory!, bytes, _kept);
        }
        catch (Exception e) when (WriteError.Is(e))
        {
            throw WriteError.Of(e, "keep the image in memory until it has come whole");
        }
        _kept += bytes.Length;
    }
}
