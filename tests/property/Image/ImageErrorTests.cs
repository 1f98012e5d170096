using CrCore;
using CrCore.Image;
using Xunit;

namespace CrProperty.Image;

/// <summary>What goes wrong around the bytes: paths, devices, misuse.</summary>
public class ImageErrorTests
{
    [Fact]
    public void AFullDeviceIsToldWithItsErrno()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        var error = Assert.Throws<CrKernelException>(() => SmallImage.Write(new ImageWriter(full)));
        Assert.Equal(("CrImageWriteFailed", Errno.ENOSPC), (error.Id, error.Errno));
        Assert.Contains("space", error.Advice);
    }

    [Theory]
    [InlineData("/no/such/image", "CrImageNotFound")]
    [InlineData("/tmp", "CrImageNotAFile")]
    public void APathThatIsNoImageIsTold(string path, string id)
    {
        Assert.Equal(id, Assert.Throws<CrArgumentException>(() => ImageReader.Open(path)).Id);
        Assert.Equal(id, Assert.Throws<CrArgumentException>(() => ImageFile.Open(path)).Id);
    }

    [Fact]
    public void ADeviceThatCannotBeReadIsTold()
    {
        // Reading one's own memory at address 0 fails with EIO (proc_pid_mem(5)).
        using var reader = new ImageReader(new FileStream("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
        Assert.Equal("CrImageReadFailed", Assert.Throws<CrImageException>(() => reader.ReadMetadata()).Id);
    }

    [Fact]
    public void AnEmptyFileIsNoImage()
    {
        using var file = new TemporaryFile([]);
        Assert.Equal("CrImageNotAnImage", Assert.Throws<CrImageException>(() => ImageFile.Open(file.Path)).Id);
    }

    [Fact]
    public void AFileWithoutItsEndIsRefusedEvenIfItsMetadataIsThere()
    {
        var image = SmallImage.Encode();
        using var file = new TemporaryFile(image[..^1]);
        Assert.Equal("CrImageTruncated", Assert.Throws<CrImageException>(() => ImageFile.Open(file.Path, TestObject.Catalog)).Id);
    }

    [Fact]
    public void TheWriterRefusesToWriteWhatItsReaderWouldRefuse()
    {
        static ImageWriter Started()
        {
            var w = new ImageWriter(Stream.Null);
            w.WriteRecord(new HeadRecord());
            w.WriteRecord(new HeadArchRecord(true, true, 0));
            w.WriteRecord(new TreeRecord([new(1, 1, 0)]));
            return w;
        }
        static ImageWriter Sealed()
        {
            var w = Started();
            w.WriteTask(new TaskRecord { VPid = 1, ThreadCount = 1 }, "x");
            w.SealMetadata();
            return w;
        }
        var page = new byte[4096];
        Assert.Throws<InvalidOperationException>(() => new ImageWriter(Stream.Null).WriteRecord(new TreeRecord([new(1, 1, 0)])));
        Assert.Throws<InvalidOperationException>(() => Started().WriteRecord(new HeadRecord()));
        Assert.Throws<InvalidOperationException>(() => Started().SealMetadata());
        Assert.Throws<InvalidOperationException>(() => Started().WritePages(1, [new(0, 1)], page));
        Assert.Throws<InvalidOperationException>(() => Started().Finish());
        Assert.Throws<InvalidOperationException>(() => Sealed().WriteTask(new TaskRecord { VPid = 2 }, "y"));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(0, [new(0, 1)], page));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(1, [new(1, 1)], page));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(1, [new(0, 2)], page));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(1, [], []));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(1, [new(0x2000, 1), new(0x1000, 1)], new byte[8192]));
        Assert.Throws<InvalidOperationException>(() => Sealed().WritePages(1, [new(0, 1025)], new byte[1025 * 4096]));
        var w = Sealed();
        w.WritePages(1, [new(0x5000, 1)], page);
        Assert.Throws<InvalidOperationException>(() => w.WritePages(1, [new(0x4000, 1)], page));
        w.WriteRecord(new TestObject(9, []));
        Assert.Throws<InvalidOperationException>(() => w.WritePages(1, [new(0x6000, 1)], page));
        w.Finish();
        Assert.Throws<InvalidOperationException>(w.Finish);
    }
}
