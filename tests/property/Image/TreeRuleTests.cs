using CrCore;
using CrCore.Image;
using CrFuzz;
using Xunit;

namespace CrProperty.Image;

/// <summary>The seed's rules, each broken alone in an image whose checksums are right.</summary>
public class TreeRuleTests
{
    // Offsets within records are those of docs/image-format.md: 8 bytes of header, then the fields.
    private const int State = 8, ExitState = 12, ExitCode = 16, ExitSignal = 20, VPid = 24, Children = 28, CommLength = 32, Pad = 36, VPgid = 40, Threads = 48;

    [Theory]
    [InlineData(RecordIds.Task, 0, 4, 1u, "CrImageBadField")]              // a parent where 0 is due
    [InlineData(RecordIds.Head, 0, 4, 1u, "CrImageNotAnImage")]
    [InlineData(RecordIds.HeadArch, 0, 4, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 4, 1u, "CrImageBadField")]
    [InlineData(RecordIds.String, 0, 4, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Index, 0, 4, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Thread, 0, 4, 11u, "CrImageBadTree")]            // a thread of another task
    [InlineData(RecordIds.Thread, 0, 4, 0u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 8, 1u, "CrImageUnknownRecord")]         // tasks_nr too small: pids are taken for records
    [InlineData(RecordIds.Tree, 0, 8, 0u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 8, 4_194_305u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 16, 9u, "CrImageBadTree")]              // another vpid in the array
    [InlineData(RecordIds.Tree, 0, 40, 12u, "CrImageBadTree")]             // another parent in the array
    [InlineData(RecordIds.Task, 0, Children, 0u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 0, Children, 2u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 0, Children, 0xffff_ffffu, "CrImageBadField")]
    [InlineData(RecordIds.Task, 1, Children, 1u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 1, VPid, 10u, "CrImageBadTree")]           // a pid twice
    [InlineData(RecordIds.Task, 1, VPid, 11u, "CrImageBadTree")]           // a pid that is a thread's
    [InlineData(RecordIds.Task, 0, VPid, 0u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, CommLength, 0xffff_ffffu, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, CommLength, 4097u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, CommLength, 15u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 0, State, 64u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, ExitState, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, ExitCode, 256u, "CrImageBadField")]     // a status of the living
    [InlineData(RecordIds.Task, 1, ExitCode, 0x10000u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 1, ExitCode, 0x0109u, "CrImageBadField")]  // exited and killed
    [InlineData(RecordIds.Task, 1, ExitCode, 0x7fu, "CrImageBadField")]    // not a signal
    [InlineData(RecordIds.Task, 0, ExitSignal, 65u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, VPgid, 0xffff_ffffu, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, Threads, 1u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 0, Threads, 3u, "CrImageBadTree")]
    [InlineData(RecordIds.Task, 0, Threads, 0u, "CrImageBadField")]        // nobody lives in it
    [InlineData(RecordIds.Thread, 0, 16, 11u, "CrImageBadTree")]           // the leader is not first
    [InlineData(RecordIds.Thread, 1, 16, 10u, "CrImageBadTree")]           // a tid twice
    [InlineData(RecordIds.Thread, 1, 16, 0u, "CrImageBadField")]
    [InlineData(TestObject.Id, 1, 8, 1u, "CrImageBadObject")]              // an objref twice
    [InlineData(TestObject.Id, 1, 8, 0u, "CrImageBadObject")]
    [InlineData(RecordIds.PageArray, 0, 4, 77u, "CrImageBadObject")]       // pages of no object
    [InlineData(RecordIds.PageArray, 0, 4, 0u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 8, 2u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 8, 1025u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 16, 3u, "CrImageBadField")]        // a codec that nobody knows
    [InlineData(RecordIds.PageArray, 0, 20, 2u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 24, 4095u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 32, 0u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 36, 1u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 40, 0x7001u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 48, 2u, "CrImageBadField")]
    [InlineData(RecordIds.PageArray, 0, 52, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Head, 0, 22, 5u, "CrImageRevisionUnknown")]
    [InlineData(RecordIds.Task, 0, Pad, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Task, 0, 52, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 12, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Tree, 0, 28, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Thread, 0, 20, 1u, "CrImageBadField")]
    [InlineData(RecordIds.Thread, 0, 12, 1u, "CrImageBadField")]
    [InlineData(RecordIds.HeadArch, 0, 8, 2u, "CrImageBadField")]
    [InlineData(RecordIds.Head, 0, 8, 0u, "CrImageNotAnImage")]
    [InlineData(RecordIds.Tail, 0, 8, 0u, "CrImageBadField")]
    [InlineData(RecordIds.Tail, 0, 16, 0u, "CrImageBadTail")]
    [InlineData(RecordIds.Tail, 0, 24, 0u, "CrImageBadTail")]
    [InlineData(RecordIds.Index, 0, 8, 0u, "CrImageBadIndex")]
    [InlineData(RecordIds.Index, 0, 48, 0u, "CrImageBadIndex")]
    [InlineData(RecordIds.Index, 0, 60, 1u, "CrImageBadField")]
    public void ABrokenRuleHasItsError(short type, int nth, int field, uint value, string id)
    {
        var surgeon = new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog);
        var at = surgeon.Find(type, nth) + field;
        if (type == RecordIds.Head && field == 22)
            surgeon.Put16(at, (short)value);
        else
            surgeon.Put32(at, value);
        var forged = surgeon.Reseal();
        var error = Outcome.OfStream(forged);
        Assert.NotNull(error);
        Assert.Equal(id, error.Id);
        if (type != RecordIds.PageArray || field != 4)
            Assert.NotNull(Outcome.OfFile(forged));
    }

    [Theory]
    [InlineData(1, "CrImageBadOrder")]
    [InlineData(30_000, "CrImageUnknownRecord")]
    [InlineData(-1, "CrImageUnknownRecord")]
    [InlineData(RecordIds.Continuation, "CrImageBadOrder")]
    [InlineData(RecordIds.Tail, "CrImageBadOrder")]
    [InlineData(RecordIds.PageArray, "CrImageBadOrder")]
    [InlineData(RecordIds.Thread, "CrImageBadField")]
    public void ARecordOutOfPlaceIsRefused(short type, string id)
    {
        var surgeon = new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog);
        surgeon.Put16(surgeon.Find(TestObject.Id), type);
        Assert.Equal(id, Outcome.OfStream(surgeon.Reseal())?.Id);
    }

    [Fact]
    public void ANegativeLengthIsRefused()
    {
        var surgeon = new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog);
        surgeon.Put16(surgeon.Find(RecordIds.Task) + 2, -1);
        Assert.Equal("CrImageBadHeader", Outcome.OfStream(surgeon.Reseal())?.Id);
    }

    [Fact]
    public void APayloadOverItsBoundIsRefused()
    {
        var surgeon = new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog);
        surgeon.Put16(surgeon.Find(RecordIds.Task) + 2, TaskRecord.PayloadSize + 1);
        Assert.Equal("CrImageTooLarge", Outcome.OfStream(surgeon.Reseal())?.Id);
    }

    [Fact]
    public void PaddingIsNotAPlaceToHideThings()
    {
        var surgeon = new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog);
        surgeon.Bytes[surgeon.Find(RecordIds.PageArray) + 8 + 32 + 16] = 1;
        Assert.Equal("CrImageBadField", Outcome.OfStream(surgeon.Reseal())?.Id);
    }

    [Fact]
    public void TheSurgeonItselfBreaksNothing()
        => Assert.Null(Outcome.OfStream(new ImageSurgeon(SmallImage.Encode(), TestObject.Catalog).Reseal()));

    [Fact]
    public void ADeepTreeIsReadWithoutDeepRecursion()
    {
        const int depth = 20_000;
        using var stream = new MemoryStream();
        using var w = new ImageWriter(stream, leaveOpen: true);
        w.WriteRecord(new HeadRecord());
        w.WriteRecord(new HeadArchRecord(true, true, 2432));
        w.WriteRecord(new TreeRecord([.. Enumerable.Range(1, depth).Select(i => new TreePids(i, i, i - 1))]));
        for (var i = 1; i <= depth; i++)
            w.WriteTask(new TaskRecord { VPid = i, ExitState = TaskRecord.ExitZombie, ChildrenCount = i < depth ? 1 : 0 }, "t");
        w.SealMetadata();
        w.Finish();
        stream.Position = 0;
        Assert.Equal(depth, Decoded.Read(stream).Model.Tasks.Count);
    }
}
