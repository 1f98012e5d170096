using System.IO.Pipes;
using CrCore.Image;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Image;

/// <summary>What is written comes out again: from memory, from a pipe, from a stream that gives a byte at a time, from a file.</summary>
[Properties(Arbitrary = [typeof(ImagePlans)], MaxTest = 60)]
public class RoundTripProperties
{
    [Property]
    public void FromMemory(ImagePlan plan)
    {
        var planned = new PlannedImage(plan);
        AssertSame(planned, Decoded.Read(planned.Encode()));
    }

    [Property(MaxTest = 20)]
    public void FromAPipe(ImagePlan plan)
    {
        var planned = new PlannedImage(plan);
        var image = planned.Encode();
        using var source = new AnonymousPipeServerStream(PipeDirection.Out);
        using var sink = new AnonymousPipeClientStream(PipeDirection.In, source.ClientSafePipeHandle);
        var writing = Task.Run(() =>
        {
            source.Write(image);
            source.Dispose();
        });
        AssertSame(planned, Decoded.Read(sink));
        writing.GetAwaiter().GetResult();
    }

    [Property(MaxTest = 5)]
    public void FromAStreamThatGivesLittle(ImagePlan plan)
    {
        var planned = new PlannedImage(plan);
        AssertSame(planned, Decoded.Read(new DribblingStream(planned.Encode())));
    }

    [Property]
    public void FromAFileByItsIndex(ImagePlan plan)
    {
        var planned = new PlannedImage(plan);
        using var file = new TemporaryFile(planned.Encode());
        using var image = ImageFile.Open(file.Path, TestObject.Catalog);
        var blocks = new List<PlannedImage.Block>();
        using var block = new PageBlock();
        // Backwards: nothing may hang on the order.
        for (var i = image.Index.Blocks.Count - 1; i >= 0; i--)
        {
            image.ReadPages(image.Index.Blocks[i], block);
            blocks.Insert(0, new(block.ObjRef, block.Runs.ToArray(), block.Data.ToArray()));
        }
        AssertSame(planned, new(image.Model, blocks, [.. image.ReadTrailer().Select(r => r.Value)]));
    }

    [Property]
    public void PagesAreFoundByTheirAddresses(ImagePlan plan)
    {
        var planned = new PlannedImage(plan);
        using var file = new TemporaryFile(planned.Encode());
        using var image = ImageFile.Open(file.Path, TestObject.Catalog);
        var random = new Random(plan.Seed);
        for (var i = 0; i < 20; i++)
        {
            var objRef = (uint)random.Next(1, image.Model.Objects.Count + 2);
            var start = (ulong)random.Next(80_000);
            var end = start + (ulong)random.Next(40_000);
            var due = planned.Blocks.Where(b => b.ObjRef == objRef && b.Runs[0].VAddr < end && b.Runs[^1].End > start);
            Assert.Equal(due.Select(b => b.Runs[0].VAddr), image.FindPages(objRef, start, end).ToArray().Select(e => e.FirstVAddr));
        }
    }

    [Property]
    public void EncodingWhatWasDecodedGivesTheSameBytes(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        using var reader = new ImageReader(new MemoryStream(image), TestObject.Catalog);
        using var again = new MemoryStream();
        using var writer = new ImageWriter(again, leaveOpen: true);
        var model = reader.ReadMetadata();
        writer.WriteRecord(model.Head);
        writer.WriteRecord(model.Arch);
        writer.WriteRecord(model.Tree);
        foreach (var r in model.Records)
            writer.WriteRecord(r);
        foreach (var t in model.Tasks)
        {
            writer.WriteTask(t.Task, t.Comm);
            foreach (var r in t.Records)
                writer.WriteRecord(r);
            foreach (var r in t.Threads.SelectMany(h => h.Records.Prepend(h.Thread)))
                writer.WriteRecord(r);
        }
        writer.SealMetadata();
        using var block = new PageBlock();
        while (reader.ReadPages(block))
            writer.WritePages(block.ObjRef, block.Runs, block.Data);
        foreach (var r in reader.Trailer)
            writer.WriteRecord(r.Value);
        writer.Finish();
        Assert.Equal(image, again.ToArray());
    }

    [Property]
    public void RecordsCoverTheImageWithoutGaps(ImagePlan plan)
    {
        var image = new PlannedImage(plan).Encode();
        using var reader = new ImageReader(new MemoryStream(image), TestObject.Catalog);
        var end = 0L;
        foreach (var record in reader.ReadRecords())
        {
            Assert.Equal(end, record.Offset);
            end += record.Length;
        }
        Assert.Equal(image.Length, end);
    }

    private static void AssertSame(PlannedImage planned, Decoded got)
    {
        Assert.Equal(planned.Head with { Features = [] }, got.Model.Head with { Features = [] });
        Assert.Equal(planned.Head.Features, got.Model.Head.Features);
        Assert.Equal(planned.Arch, got.Model.Arch);
        AssertSame(planned.Objects, got.Model.Records);
        Assert.Equal(planned.Nodes.Select(n => n.Task), got.Model.Tasks.Select(t => t.Task));
        Assert.Equal(planned.Nodes.Select(n => n.Comm), got.Model.Tasks.Select(t => t.Comm));
        Assert.Equal(planned.Nodes.Select(n => n.ParentVPid), got.Model.Tasks.Select(t => t.ParentVPid));
        foreach (var (node, task) in planned.Nodes.Zip(got.Model.Tasks))
        {
            Assert.Equal(node.Children.Select(c => c.Task.VPid), task.Children.Select(c => c.VPid));
            Assert.Equal(node.Threads, task.Threads.Select(t => t.Thread));
            AssertSame(node.Records, task.Records);
        }
        Assert.Equal(planned.Blocks.Count, got.Blocks.Count);
        foreach (var (due, block) in planned.Blocks.Zip(got.Blocks))
        {
            Assert.Equal(due.ObjRef, block.ObjRef);
            Assert.Equal(due.Runs, block.Runs);
            Assert.True(due.Data.AsSpan().SequenceEqual(block.Data));
        }
        AssertSame(planned.Trailer, got.Trailer);
    }

    private static void AssertSame(IReadOnlyList<TestObject> due, IReadOnlyList<ICrRecord> got)
    {
        Assert.Equal(due.Count, got.Count);
        foreach (var (d, g) in due.Zip(got.Cast<TestObject>()))
        {
            Assert.Equal(d.ObjRef, g.ObjRef);
            Assert.True(d.Bytes.AsSpan().SequenceEqual(g.Bytes));
        }
    }
}
