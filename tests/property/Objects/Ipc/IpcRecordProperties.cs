using CrCore;
using CrCore.Image;
using CrCore.Objects.Ipc;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Ipc;

/// <summary>Records of System V objects survive their way through an image, and nonsense in one is told.</summary>
public class IpcRecordProperties
{
    private static Gen<SystemVName> Names() =>
        from key in ArbMap.Default.GeneratorFor<int>()
        from id in Gen.Choose(0, int.MaxValue)
        from n in ArbMap.Default.GeneratorFor<uint>().ArrayOf(4)
        from mode in Gen.Choose(0, 0x1ff)
        select new SystemVName(key, id, n[0], n[1], n[2], n[3], (uint)mode);

    [Property]
    public Property SetsOfSemaphores() => Prop.ForAll(Arb.From(
        from name in Names()
        from values in Gen.Choose(0, SemaphoreSetRecord.MaxValue).NonEmptyListOf()
        from pid in Gen.Choose(-1, 4_000_000)
        select new SemaphoreSetRecord(1, name, [.. values.Select(v => new SavedSemaphore((ushort)v, pid))])),
        record => Assert.Equal(record, RecordCode.Again(record)));

    [Property]
    public Property QueuesAndMessages() => Prop.ForAll(Arb.From(
        from name in Names()
        from bytes in ArbMap.Default.GeneratorFor<byte[]>()
        from type in Gen.Choose(1, int.MaxValue)
        from limit in ArbMap.Default.GeneratorFor<ulong>()
        from continues in ArbMap.Default.GeneratorFor<bool>()
        select (Queue: new SystemVQueueRecord(1, name, limit), Message: new QueuedMessageRecord(1, type, continues, bytes))),
        both =>
        {
            Assert.Equal(both.Queue, RecordCode.Again(both.Queue));
            Assert.Equal(both.Message, RecordCode.Again(both.Message));
        });

    [Fact]
    public void TheLargestFit()
    {
        var name = new SystemVName(-1, int.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, 0x1ff);
        ICrRecord[] records =
        [
            new SemaphoreSetRecord(1, name, new SavedSemaphore[SemaphoreSetRecord.MaxSemaphores]),
            new QueuedMessageRecord(1, long.MaxValue, true, new byte[QueuedMessageRecord.MaxBytes]),
            new PosixQueueRecord(1, "/" + new string('q', 255), long.MaxValue, int.MaxValue, 0xfff, uint.MaxValue, uint.MaxValue),
            new IpcLimitsRecord(1, [.. IpcLimitsRecord.Names.Select(_ => new string('9', 128))]),
        ];
        foreach (var record in records)
            Assert.Equal(record, RecordCode.Again(record));
    }

    [Fact]
    public void NonsenseIsTold()
    {
        var name = new SystemVName(1, 2, 0, 0, 0, 0, 0x180);
        ICrRecord[] records =
        [
            new SemaphoreSetRecord(1, name, []),
            new SemaphoreSetRecord(1, name, [new(40_000, 0)]),
            new SemaphoreSetRecord(1, name, [new(0, -2)]),
            new SemaphoreSetRecord(1, name with { Id = -1 }, [new(0, 0)]),
            new SystemVQueueRecord(1, name with { Mode = 0x200 }, 0),
            new QueuedMessageRecord(1, -1, false, default),
            new PosixQueueRecord(1, "/a/b", 1, 1, 0, 0, 0),
            new PosixQueueRecord(1, "a", 1, 1, 0, 0, 0),
            new PosixQueueRecord(1, "/a", 0, 1, 0, 0, 0),
            new IpcLimitsRecord(1, ["1"]),
            new IpcLimitsRecord(1, [.. IpcLimitsRecord.Names.Select(_ => "1; x")]),
        ];
        foreach (var record in records)
            Assert.Throws<CrImageException>(() => RecordCode.Again(record));
    }
}
