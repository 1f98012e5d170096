using CrCore.Image;
using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace CrProperty.Image;

/// <summary>
/// Page blocks that several threads write into one file in memory at once, by huge pages, by writes, and past the file's lock. Which way a
/// block takes is chance: what the file holds afterwards is not.
/// </summary>
public sealed class PageBlockFileTests : IDisposable
{
    private const int Page = ImageFormat.PageSize;

    private readonly string _path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"crmodule-test-{Guid.NewGuid():N}");
    private readonly SafeFileHandle _file;

    public PageBlockFileTests() => _file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite);

    [Theory]
    [InlineData(1, 300)]
    [InlineData(2, 40)]
    [InlineData(3, 40)]
    public void TheFileHoldsEveryBlockAndEndsWithTheLast(int seed, int count)
    {
        var random = new Random(seed);
        var blocks = new List<(AnnouncedBlock Announced, byte[] Front, byte[] Data, byte[] Seal)>();
        using var file = new PageBlockFile(_file);
        long at = random.Next(1, 3 * Page);
        var expected = new MemoryStream { Position = at };
        for (var i = 0; i < count; i++)
        {
            // As image and writer have it: the data begins with a page, and what is packed ends within one.
            var front = Bytes(random, (int)(Page - at % Page) + Page * random.Next(2));
            var data = Bytes(random, random.Next(5) == 0 ? random.Next(1, 5 * Page) : Page * random.Next(1, 257));
            var seal = Bytes(random, ImageFormat.SealSize);
            var end = at + front.Length + data.Length + seal.Length;
            blocks.Add((new AnnouncedBlock(at, i, front.Length, file.Announce(at, end, moreFollows: i < count - 2)), front, data, seal));
            foreach (var part in (byte[][])[front, data, seal])
                expected.Write(part);
            at = end;
        }
        var next = -1;
        var threads = new Thread[4];
        var failures = new List<Exception>();
        for (var t = 0; t < threads.Length; t++)
        {
            threads[t] = new Thread(() =>
            {
                try
                {
                    while (Interlocked.Increment(ref next) is var i && i < blocks.Count)
                        file.Write(blocks[i].Announced, blocks[i].Front, blocks[i].Data, blocks[i].Seal);
                }
                catch (Exception e)
                {
                    lock (failures)
                        failures.Add(e);
                }
            });
            threads[t].Start();
        }
        foreach (var thread in threads)
            thread.Join();
        Assert.Empty(failures);
        file.Finish(at);
        Assert.Equal(at, RandomAccess.GetLength(_file));
        Assert.True(expected.ToArray().AsSpan().SequenceEqual(File.ReadAllBytes(_path)), "The file does not hold what was written.");
    }

    [Fact]
    public void NewPagesStopAtOnesThatAreThereAndAtTheEnd()
    {
        if (FileSystemType.OfOwnDescriptor((int)_file.DangerousGetHandle()) != FileSystemType.Tmpfs || NewFilePages.TryOpen(_file) is not { } pages)
            return;
        using var _ = pages;
        var bytes = Bytes(new Random(7), 8 * Page);
        Assert.Equal(0, pages.Put(0, bytes));
        RandomAccess.SetLength(_file, 16 * Page);
        RandomAccess.Write(_file, [1], 5 * Page);
        Assert.Equal(4 * Page, pages.Put(Page, bytes));
        Assert.Equal(bytes.Length, pages.Put(8 * Page, bytes));
        Assert.Equal(0, pages.Put(8 * Page, bytes));
        Assert.Equal(0, pages.Put(1L << 40, bytes));
        var read = File.ReadAllBytes(_path);
        Assert.Equal(bytes[..(4 * Page)], read[Page..(5 * Page)]);
        Assert.Equal((1, 0), (read[5 * Page], read[5 * Page + 1]));
        Assert.Equal(bytes, read[(8 * Page)..]);
    }

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_path);
    }

    private static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
