using CrCore.Image;
using Xunit;

namespace CrProperty.Image;

public class ImageWriterTests
{
    [Fact]
    public void WhatIsWrittenIsReadAgain()
    {
        using var file = new MemoryStream();
        var data = new byte[3 * 4096];
        Random.Shared.NextBytes(data);
        using (var w = new ImageWriter(file, leaveOpen: true))
        {
            w.WriteRecord(new HeadRecord { Release = "6.18", Machine = "x86_64", Features = ["a", "b"] });
            w.WriteRecord(new HeadArchRecord(true, true, 2432));
            w.WriteRecord(new TreeRecord([new(7, 7, 0), new(8, 8, 7)]));
            w.WriteRecord(new TestObject(5, []));
            w.WriteTask(new TaskRecord { VPid = 7, ChildrenCount = 1, ThreadCount = 1, VPgid = 7, VSid = 7 }, "root");
            w.WriteRecord(new ThreadRecord(7, 7));
            w.WriteTask(new TaskRecord { VPid = 8, ExitState = TaskRecord.ExitZombie, ExitCode = 3 << 8 }, "a name too long for it");
            w.SealMetadata();
            w.WritePages(5, [new(0x10000, 1), new(0x20000, 2)], data);
            w.Finish();
        }
        file.Position = 0;
        using var r = new ImageReader(file, TestObject.Catalog);
        var model = r.ReadMetadata();
        Assert.Equal(["root", "a name too long"], model.Tasks.Select(t => t.Comm));
        Assert.Equal(model.Root, model.Tasks[1].Parent);
        Assert.Equal("x86_64", model.Head.Machine);
        using var block = new PageBlock();
        Assert.True(r.ReadPages(block));
        Assert.Equal(data, block.Data.ToArray());
        Assert.Equal([new PageRun(0x10000, 1), new PageRun(0x20000, 2)], block.Runs.ToArray());
        Assert.Equal(0, block.DataOffset % 4096);
        Assert.False(r.ReadPages(block));
    }
}
