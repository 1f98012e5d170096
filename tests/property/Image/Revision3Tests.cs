using CrCore;
using CrCore.Image;
using CrCore.Image.Revision3;
using Xunit;

namespace CrProperty.Image;

/// <summary>Images of 2008: both forms, from any stream, whole and damaged.</summary>
public class Revision3Tests
{
    /// <summary>7 with the children 8 (a zombie) and 9, which has the child 10.</summary>
    private static byte[] Family(bool seed, string machine = "i686")
    {
        var b = new Revision3Builder(machine, seed).Head().Tree((7, 1), (8, 7), (9, 7), (10, 9));
        b.Task(7, 2, "root").Memory(7, 1, 0xaa, 0x2000, 0x4000).Files(7, 2).Thread(7, tls: 1, xstate: 512);
        b.Task(8, 0, "gone", exitState: 16, exitCode: 3 << 8);
        b.Task(9, 1, "middle").Memory(9, 4, 0xbb).Files(9, 5).Thread(9);
        b.Task(10, 0, "leaf").Memory(10, 7, 0xcc, 0x3000).Files(10, 8).Thread(10);
        return b.Tail().ToArray();
    }

    [Theory]
    [InlineData(true, "i686", 1)]
    [InlineData(true, "i686", 1 << 20)]
    [InlineData(false, "i686", 7)]
    [InlineData(true, "x86_64", 4096)]
    public void BothFormsAreReadFromAPipe(bool seed, string machine, int atOnce)
    {
        using var reader = new ImageReader(new DribblingStream(Family(seed, machine), atOnce));
        var model = reader.ReadMetadata();
        Assert.Equal(3, model.Head.Revision);
        Assert.Equal("2.6.27-rc8", model.Head.Release);
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1_224_000_000), model.Head.Created);
        Assert.Equal([(7, 0, "root"), (8, 7, "gone"), (9, 7, "middle"), (10, 9, "leaf")], model.Tasks.Select(t => (t.VPid, t.ParentVPid, t.Comm)));
        Assert.Equal([2, 0, 1, 0], model.Tasks.Select(t => t.Children.Count));
        Assert.Equal((TaskRecord.ExitZombie, 3u << 8), (model.Tasks[1].Task.ExitState, model.Tasks[1].Task.ExitCode));
        Assert.Throws<CrImageException>(() => reader.ReadPages(new PageBlock()));
    }

    [Fact]
    public void FieldsComeFromTheirPlaces()
    {
        var image = Family(seed: true);
        using var reader = new ImageReader(new MemoryStream(image));
        var root = reader.ReadMetadata().Root;
        var mm = root.Get<Revision3Mm>()!;
        Assert.Equal((1u, 2u, 0x0804_8000UL, 0x0804_800aUL), (mm.ObjRef, mm.MapCount, mm.StartCode, mm.EnvEnd));
        var pages = root.All<Revision3PageArray>().First();
        Assert.Equal([0x2000UL, 0x4000UL], pages.Addresses);
        Assert.True(image.AsSpan((int)pages.DataOffset, 8192).IndexOfAnyExcept((byte)0xaa) < 0);
        Assert.Equal("/bin/true", root.Get<FNameRecord>()!.Path);
        Assert.Equal([(3u, 0, true), (3u, 5, true)], root.All<Revision3FdEntry>().Select(e => (e.ObjRef, e.Fd, e.CloseOnExec)));
        Assert.Equal(42UL, root.Get<Revision3FdData>()!.Position);
        var thread = Assert.Single(root.Threads);
        Assert.Equal(24, thread.Thread.Tls.Length);
        var cpu = thread.Get<Revision3Cpu>()!;
        Assert.Equal((1UL, 17UL, 25UL), (cpu.R15, cpu.Ip, cpu.Gs));
        Assert.Equal([26, 27, 28, 29, 30, 31, 32, 33], cpu.DebugRegisters);
        Assert.Equal(512, cpu.Xstate.Length);
    }

    [Fact]
    public void RecordsCoverTheImageWithoutGaps()
    {
        var image = Family(seed: false);
        using var reader = new ImageReader(new MemoryStream(image));
        var end = 0L;
        foreach (var r in reader.ReadRecords())
        {
            Assert.Equal(end, r.Offset);
            end += r.Length;
        }
        Assert.Equal(image.Length, end);
    }

    [Fact]
    public void AFileIsOpenedWithoutAnIndex()
    {
        using var file = new TemporaryFile(Family(seed: true));
        using var image = ImageFile.Open(file.Path);
        Assert.Equal(4, image.Model.Tasks.Count);
        Assert.Empty(image.Index.Blocks);
        Assert.Empty(image.ReadTrailer());
    }

    [Theory]
    [InlineData(-1, "CrImageBadField")]
    [InlineData(4097, "CrImageBadField")]
    [InlineData(0, null)]
    [InlineData(15, null)]
    [InlineData(4096, null)]
    public void TheCommHasItsBounds(int length, string? id)
    {
        var image = new Revision3Builder().Head().Tree((1, 0)).Task(1, 0, "abcdefghijklmnopqrst"[..Math.Clamp(length, 0, 20)], commLength: length).Tail().ToArray();
        var error = Outcome.OfStream(image);
        Assert.Equal(id, error?.Id);
        if (id is not null)
            return;
        using var reader = new ImageReader(new MemoryStream(image));
        Assert.Equal("abcdefghijklmno"[..Math.Min(15, length)], reader.ReadMetadata().Root.Comm);
    }

    [Fact]
    public void EveryCutIsRefused()
    {
        var image = Family(seed: true);
        for (var length = 0; length < image.Length; length += length % 4096 < 600 ? 1 : 97)
            Assert.True(Outcome.OfStream(image[..length]) is not null, $"cut to {length}");
        Assert.Null(Outcome.OfStream(image));
        Assert.NotNull(Outcome.OfStream([.. image, 0]));
    }

    [Fact]
    public void RewrittenFieldsAreReadOrRefused()
    {
        // Nothing covers the bytes of revision 3: a changed value may pass. A crash, a hang or a flood may not.
        var random = new Random(20081016);
        for (var i = 0; i < 1500; i++)
        {
            var image = Family(seed: i % 2 == 0);
            for (var n = random.Next(1, 4); n > 0; n--)
                image[random.Next(image.Length)] = (byte)(random.Next(3) switch { 0 => 0xff, 1 => 0, _ => random.Next(256) });
            Outcome.OfStream(image);
        }
    }

    [Fact]
    public void ATaskOfTheWrongLengthIsRefused()
        => Assert.Equal("CrImageBadField", Outcome.OfStream(new Revision3Builder().Head().Tree((1, 0)).Record(102, 0, w => w.Write(new byte[28])).Tail().ToArray())?.Id);

    [Fact]
    public void OtherTasksThanTheTreeHasAreRefused()
    {
        Revision3Builder Start(params (int, int)[] pids) => new Revision3Builder().Head().Tree(pids);
        Assert.Equal("CrImageBadTree", Outcome.OfStream(Start((1, 0), (2, 1)).Task(1, 0, "a").Tail().ToArray())?.Id);
        Assert.Equal("CrImageBadTree", Outcome.OfStream(Start((1, 0)).Task(1, 1, "a").Task(2, 0, "b").Tail().ToArray())?.Id);
        Assert.Equal("CrImageBadTree", Outcome.OfStream(Start((1, 0), (2, 1)).Task(1, 1, "a").Task(1, 0, "b").Tail().ToArray())?.Id);
        Assert.Equal("CrImageBadTree", Outcome.OfStream(Start((1, 0), (2, 1)).Task(1, 0, "a").Task(2, 0, "b").Tail().ToArray())?.Id);
    }

    [Fact]
    public void AParentOfAnotherTaskIsRefused()
    {
        var image = new Revision3Builder().Head().Tree((1, 0)).Task(1, 0, "a").Memory(2, 1, 0).Tail().ToArray();
        Assert.Equal("CrImageBadField", Outcome.OfStream(image)?.Id);
    }
}
