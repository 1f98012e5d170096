using System.Text;
using System.Text.RegularExpressions;
using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrProperty.Image;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Inspection;

/// <summary>Searching and reading memory by blocks and runs, compared with the same on one flat array.</summary>
public class SearchProperties
{
    private const int PageSize = ImageFormat.PageSize;
    private const ulong Base = 0x10_0000;
    private const uint Mm = 1;
    private const int Pages = 24;

    /// <summary>Which pages are stored, and how they are split into blocks and runs, decides no match.</summary>
    [Property(MaxTest = 40)]
    public void Matches_are_those_of_a_flat_search(int seed)
    {
        var memory = new Memory(seed);
        using var file = new TemporaryFile(memory.Image);
        using var image = ImageFile.Open(file.Path);
        foreach (var pattern in (string[])["ab", "abab", "aabb", new string('a', 9), "ba[ab]{3}b"])
        {
            Assert.Equal(memory.Find(pattern, RegexOptions.None), Find(image, MemoryPattern.OfRegex(pattern, ignoreCase: false)));
            if (!pattern.Contains('[', StringComparison.Ordinal))
                Assert.Equal(memory.Find(pattern, RegexOptions.None), Find(image, MemoryPattern.OfText(pattern, Encoding.UTF8, ignoreAsciiCase: false)));
            Assert.Equal(memory.Find(pattern, RegexOptions.IgnoreCase), Find(image, MemoryPattern.OfRegex(pattern, ignoreCase: true)));
        }
        Assert.Equal(memory.Find("ABBA", RegexOptions.IgnoreCase), Find(image, MemoryPattern.OfText("ABBA", Encoding.UTF8, ignoreAsciiCase: true)));
    }

    [Property(MaxTest = 40)]
    public void Every_byte_is_read_as_it_is(int seed)
    {
        var memory = new Memory(seed);
        using var file = new TemporaryFile(memory.Image);
        using var image = ImageFile.Open(file.Path);
        using var reader = new ImageMemory(image);
        var random = new Random(seed);
        for (var i = 0; i < 50; i++)
        {
            var start = random.Next(Pages * PageSize);
            var bytes = new byte[random.Next(1, Pages * PageSize - start + 1)];
            for (var at = 0; at < bytes.Length;)
            {
                var n = reader.Read(image.Model.Root, Base + (ulong)(start + at), bytes.AsSpan(at), out var source);
                Assert.True(n > 0);
                Assert.All(Enumerable.Range((start + at) / PageSize, ((start + at + n - 1) / PageSize) - ((start + at) / PageSize) + 1),
                    page => Assert.Equal(memory.Stored[page] ? MemorySource.Image : MemorySource.Zero, source));
                at += n;
            }
            Assert.True(memory.Bytes.AsSpan(start, bytes.Length).SequenceEqual(bytes));
        }
    }

    [Fact]
    public void An_empty_pattern_and_a_hopeless_expression_are_told()
    {
        Assert.Equal("CrPatternEmpty", Assert.Throws<CrCore.CrArgumentException>(() => MemoryPattern.OfText("", Encoding.UTF8, false)).Id);
        Assert.Equal("CrPatternInvalid", Assert.Throws<CrCore.CrArgumentException>(() => MemoryPattern.OfRegex("(", false)).Id);
    }

    private static List<ulong> Find(ImageFile image, MemoryPattern pattern)
        => [.. new MemorySearch(image, pattern).Find(_ => true, unmapped: false).Select(m => m.Address)];

    /// <summary>Pages of few letters, some of them stored, in blocks and runs by chance.</summary>
    private sealed class Memory
    {
        public Memory(int seed)
        {
            var random = new Random(seed);
            for (var page = 0; page < Pages; page++)
                if (Stored[page] = random.Next(4) > 0)
                    foreach (ref var b in Bytes.AsSpan(page * PageSize, PageSize))
                        b = (byte)"abAB"[random.Next(random.Next(3) == 0 ? 4 : 2)];
            Image = Encode(random);
        }

        public byte[] Bytes { get; } = new byte[Pages * PageSize];
        public bool[] Stored { get; } = new bool[Pages];
        public byte[] Image { get; }

        public List<ulong> Find(string pattern, RegexOptions options)
            => [.. Regex.Matches(Encoding.Latin1.GetString(Bytes), pattern, options).Select(m => Base + (ulong)m.Index)];

        private byte[] Encode(Random random)
        {
            using var stream = new MemoryStream();
            using var image = new ImageWriter(stream, leaveOpen: true);
            image.WriteRecord(new HeadRecord());
            image.WriteRecord(new HeadArchRecord(true, true, 0));
            image.WriteRecord(new TreeRecord([new(1, 1, 0)]));
            image.WriteTask(new TaskRecord { VPid = 1, ThreadCount = 1 }, "one");
            image.WriteRecord(new MmRecord { Parent = 1, ObjRef = Mm, MapCount = 1 });
            image.WriteRecord(new VmaRecord { Kind = VmaType.Anonymous, Start = Base, End = Base + (Pages * PageSize), Protection = MemoryProtection.Read });
            image.WriteRecord(new MmContextRecord(Mm));
            image.WriteRecord(new ThreadRecord(1, 1));
            image.SealMetadata();
            for (var page = 0; page < Pages;)
            {
                var (runs, data) = (new List<PageRun>(), new List<byte>());
                for (var left = random.Next(1, 8); left > 0 && page < Pages; page++)
                {
                    if (!Stored[page])
                        continue;
                    left--;
                    var address = Base + (ulong)(page * PageSize);
                    if (runs.Count > 0 && runs[^1].End == address && random.Next(2) == 0)
                        runs[^1] = runs[^1] with { Pages = runs[^1].Pages + 1 };
                    else
                        runs.Add(new PageRun(address, 1));
                    data.AddRange(Bytes.AsSpan(page * PageSize, PageSize));
                }
                if (runs.Count > 0)
                    image.WritePages(Mm, runs.ToArray(), data.ToArray());
            }
            image.Finish();
            return stream.ToArray();
        }
    }
}
