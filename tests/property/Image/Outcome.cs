using CrCore.Image;
using CrCore;
using Xunit;

namespace CrProperty.Image;

/// <summary>Reads damaged images in every way there is, and allows one kind of failure only.</summary>
internal static class Outcome
{
    /// <summary>Bytes that reading an image of no size may allocate: buffers that are pooled, or will be.</summary>
    private const long Allowance = 8 << 20;

    /// <summary>Reads to the end; the error, or null. Any other exception, or too much memory, fails the test.</summary>
    public static CrImageException? OfStream(byte[] image)
        => Bounded(image.Length, () => Decoded.Read(new DribblingStream(image, 100_000)));

    public static CrImageException? OfFile(byte[] image)
    {
        using var file = new TemporaryFile(image);
        return Bounded(image.Length, () =>
        {
            using var f = ImageFile.Open(file.Path, TestObject.Catalog);
            using var block = new PageBlock();
            foreach (var entry in f.Index.Blocks)
                f.ReadPages(entry, block);
            f.ReadTrailer();
        });
    }

    public static void MustFail(byte[] image, string what)
    {
        Assert.True(OfStream(image) is not null, $"{what}: read from a stream as if it were whole");
        Assert.True(OfFile(image) is not null, $"{what}: read from a file as if it were whole");
    }

    private static CrImageException? Bounded(int length, Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        CrImageException? error = null;
        try
        {
            read();
        }
        catch (CrImageException e)
        {
            error = e;
            Assert.StartsWith("CrImage", e.Id);
            Assert.NotNull(e.Advice);
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < Allowance + 40L * length, $"an image of {length} bytes made the reader allocate {allocated}");
        return error;
    }
}
