using System.Runtime.InteropServices;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Image;

/// <summary>Page blocks written by several threads at once: each codec, into a file and into a stream that cannot seek.</summary>
public class PagePipelineTests
{
    private const int Page = ImageFormat.PageSize;

    public static TheoryData<PageCodec, int, bool> Ways()
    {
        var ways = new TheoryData<PageCodec, int, bool>();
        foreach (var seekable in new[] { true, false })
        {
            ways.Add(PageCodec.None, 0, seekable);
            ways.Add(PageCodec.Lz4, 0, seekable);
            ways.Add(PageCodec.Lz4, 9, seekable);
            ways.Add(PageCodec.Zstd, 0, seekable);
            ways.Add(PageCodec.Zstd, -5, seekable);
            ways.Add(PageCodec.Zstd, 6, seekable);
        }
        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void WhatIsPostedIsReadAgain(PageCodec codec, int level, bool seekable)
    {
        var pages = Pages(2_000);
        var path = Path.GetTempFileName();
        try
        {
            PageFigures figures;
            using (var file = new FileStream(path, FileMode.Create))
            using (Stream stream = seekable ? file : new ForwardStream(file))
                figures = Write(stream, pages, new PageCompression(codec, level));
            var zeros = pages.Count(p => p.AsSpan().IndexOfAnyExcept((byte)0) < 0);
            Assert.Equal((pages.Length, zeros, pages.Length - zeros), ((int)figures.Scanned, (int)figures.Zero, (int)figures.Stored));
            Assert.Equal(figures.Stored * Page, figures.PlainBytes);
            Assert.Equal(codec != PageCodec.None, figures.StoredBytes < figures.PlainBytes);
            Assert.True(codec == PageCodec.None || figures.StoredBytes < figures.PlainBytes * 3 / 4);
            using (var reader = ImageReader.Open(path, TestObject.Catalog))
                Check(reader, pages);
            using var image = ImageFile.Open(path, TestObject.Catalog);
            Assert.Equal(figures.Stored, image.Index.Blocks.Sum(b => b.PageCount));
            using var block = new PageBlock();
            foreach (var entry in image.Index.Blocks)
            {
                image.ReadPages(entry, block, unpack: false);
                if (!block.IsStoredPlain)
                    Assert.Throws<InvalidOperationException>(() => block.DataMemory);
                block.Unpack();
                Compare(block, pages, null);
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>24 MiB on tmpfs, where there is one: parts of it get huge pages while blocks are written on both sides of them.</summary>
    [Fact]
    public void AnImageInMemoryIsReadAgain()
    {
        var pages = Pages(6_000);
        var path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"crmodule-test-{Guid.NewGuid():N}");
        try
        {
            using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
                Write(file, pages, PageCompression.None);
            using var reader = ImageReader.Open(path, TestObject.Catalog);
            Check(reader, pages);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A seal that fits, and behind it bytes that no packer made.</summary>
    [Theory]
    [InlineData(PageCodec.Lz4)]
    [InlineData(PageCodec.Zstd)]
    public void BytesThatAreNotPackedPagesAreRefused(PageCodec codec)
    {
        var random = new Random(7);
        for (var round = 0; round < 50; round++)
        {
            var bytes = new byte[1 + random.Next(4000)];
            random.NextBytes(bytes);
            using var stream = new MemoryStream();
            using (var writer = Started(stream))
            {
                var front = new byte[PageFront.MaxBytes];
                var block = writer.Announce(1, [new PageRun(0x1000, 1)], 1, codec, bytes.Length, front, moreFollows: false);
                writer.Write(block, front, bytes);
                writer.Finish();
            }
            stream.Position = 0;
            using var reader = new ImageReader(stream, TestObject.Catalog);
            reader.ReadMetadata();
            using var pages = new PageBlock();
            Assert.Equal("CrImageBadField", Assert.Throws<CrImageException>(() => reader.ReadPages(pages)).Id);
        }
    }

    /// <summary>An error of any thread is the poster's, and nobody waits for ever.</summary>
    [Fact]
    public void ABlockThatCannotBeReadEndsAll()
    {
        using var stream = new MemoryStream();
        using var writer = Started(stream);
        using var pipeline = new PagePipeline(writer, PageCompression.None);
        var failure = Assert.Throws<CrTargetException>(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                var job = new PageJob(i, 1, (_, _) => throw new CrTargetException("CrTest", "It is gone."));
                job.Add((ulong)i * Page, Page, (ulong)i * Page, keepZeros: true);
                pipeline.Post(job);
            }
            pipeline.Complete();
        });
        Assert.Equal("CrTest", failure.Id);
    }

    private static PageFigures Write(Stream stream, byte[][] pages, PageCompression compression)
    {
        using var writer = Started(stream, compression.RequiredFeature);
        using var pipeline = new PagePipeline(writer, compression);
        var random = new Random(3);
        var batch = new PageBatch(pipeline);
        batch.Switch(1, (ranges, bytes) =>
        {
            // As a task's memory: several threads read, each its own.
            Thread.Sleep(random.Next(0, 2));
            foreach (var r in ranges)
                for (var at = r.Start; at < r.Start + r.Length; at += Page, bytes = bytes[Page..])
                    pages[at / Page].CopyTo(bytes);
        });
        for (var at = 0; at < pages.Length;)
        {
            var count = Math.Min(pages.Length - at, 1 + random.Next(300));
            batch.Add((ulong)at * Page, (ulong)(at + count) * Page, (ulong)at * Page, keepZeros: false);
            at += count;
        }
        batch.Flush();
        var figures = pipeline.Complete();
        writer.Finish();
        return figures;
    }

    private static ImageWriter Started(Stream stream, ulong features = 0)
    {
        var w = new ImageWriter(stream, leaveOpen: true);
        w.WriteRecord(new HeadRecord { Release = "6.18", Machine = "x86_64", RequiredFeatures = features });
        w.WriteRecord(new HeadArchRecord(true, true, 2432));
        w.WriteRecord(new TreeRecord([new(7, 7, 0)]));
        w.WriteRecord(new TestObject(1, []));
        w.WriteTask(new TaskRecord { VPid = 7, ThreadCount = 1, VPgid = 7, VSid = 7 }, "root");
        w.WriteRecord(new ThreadRecord(7, 7));
        w.SealMetadata();
        return w;
    }

    private static void Check(ImageReader reader, byte[][] pages)
    {
        reader.ReadMetadata();
        var seen = new bool[pages.Length];
        using var block = new PageBlock();
        while (reader.ReadPages(block))
            Compare(block, pages, seen);
        for (var i = 0; i < pages.Length; i++)
            Assert.Equal(seen[i], pages[i].AsSpan().IndexOfAnyExcept((byte)0) >= 0);
    }

    private static void Compare(PageBlock block, byte[][] pages, bool[]? seen)
    {
        var data = block.Data;
        foreach (var run in block.Runs)
            for (var at = run.VAddr; at < run.End; at += Page, data = data[Page..])
            {
                Assert.True(data[..Page].SequenceEqual(pages[at / Page]));
                if (seen is not null)
                    seen[at / Page] = true;
            }
    }

    /// <summary>Pages of zeros, of text, of noise.</summary>
    private static byte[][] Pages(int count)
    {
        var random = new Random(11);
        var pages = new byte[count][];
        for (var i = 0; i < count; i++)
        {
            pages[i] = new byte[Page];
            if (random.Next(4) == 0)
                random.NextBytes(pages[i]);
            else if (random.Next(5) != 0)
                MemoryMarshal.Cast<byte, long>(pages[i].AsSpan()).Fill(random.Next(1, 100));
        }
        return pages;
    }

    /// <summary>A stream that only takes bytes, as a pipe does.</summary>
    private sealed class ForwardStream(Stream inner) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override void Flush() => inner.Flush();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
        public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
    }
}
