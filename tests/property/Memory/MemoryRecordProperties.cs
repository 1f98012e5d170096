using System.Buffers;
using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Memory;

/// <summary>What is written of an address space is read again, and the seed's fields stay where the seed has them.</summary>
public class MemoryRecordProperties
{
    private static Gen<ulong> Word => ArbMap.Default.GeneratorFor<ulong>();

    private static Gen<string> Text(int max) => Gen.Choose(32, 0x2fff).Where(c => c is < 0xd800 or > 0xdfff).Select(c => (char)c).ArrayOf()
        .Select(c => new string(c)).Where(s => System.Text.Encoding.UTF8.GetByteCount(s) <= max);

    private static Gen<FileIdentity> Identity => from d in Word from i in Word from s in Gen.Choose(0, int.MaxValue) from m in Word select new FileIdentity(d, i, s, (long)m);

    private static Arbitrary<MmRecord> Mms => Arb.From(
        from a in Word.ArrayOf(12)
        from auxv in ArbMap.Default.GeneratorFor<byte[]>().Select(b => b.AsMemory(0, b.Length & ~15))
        from path in Text(500)
        from identity in Identity
        from objRef in Gen.Choose(1, int.MaxValue)
        from count in Gen.Choose(0, 70_000)
        select new MmRecord
        {
            Parent = 7, ObjRef = (uint)objRef, MapCount = count, StartCode = a[0], EndCode = a[1], StartData = a[2], EndData = a[3], StartBrk = a[4], Brk = a[5],
            StartStack = a[6], ArgStart = a[7], ArgEnd = a[8], EnvStart = a[9], EnvEnd = a[10], VdsoHash = a[11], Auxv = auxv, ExePath = path, ExeIdentity = identity,
        });

    private static Arbitrary<VmaRecord> Vmas => Arb.From(
        from kind in Gen.Elements(Enum.GetValues<VmaType>())
        from start in Gen.Choose(1, int.MaxValue)
        from pages in Gen.Choose(1, int.MaxValue)
        from flags in Word
        from protection in Gen.Choose(0, 7)
        from offset in Gen.Choose(0, int.MaxValue)
        from name in Text(100)
        from identity in Identity
        from shift in Gen.Elements<byte>(21, 30)
        let isHuge = (flags & (ulong)VmFlags.HugeTlb) != 0
        let mask = ~((1UL << (isHuge ? shift : 12)) - 1)
        select new VmaRecord
        {
            Kind = kind, Start = (ulong)start << 12 & mask, End = ((ulong)start + (ulong)pages << 12 & mask) + (1UL << 30), Flags = (VmFlags)flags, Protection = (MemoryProtection)protection,
            PageOffset = (ulong)offset & mask >> 12, PageShift = isHuge ? shift : (byte)21, Name = name, Identity = kind == VmaType.File ? identity : null,
            ObjRef = kind is VmaType.SharedAnonymous or VmaType.MemoryFile or VmaType.SystemVShared ? 9u : 0,
        });

    [Property]
    public Property Address_spaces() => Prop.ForAll(Mms, mm =>
    {
        var bytes = Encode(mm);
        Assert.Equal(mm, Decode(bytes, mm));
        // image-lineage: objref at 0, map_count at 4, start_code at 8 … env_end at 88.
        Assert.Equal(mm.ObjRef, BitConverter.ToUInt32(bytes, 0));
        Assert.Equal(mm.MapCount, BitConverter.ToInt32(bytes, 4));
        Assert.Equal(mm.StartCode, BitConverter.ToUInt64(bytes, 8));
        Assert.Equal(mm.Brk, BitConverter.ToUInt64(bytes, 48));
        Assert.Equal(mm.EnvEnd, BitConverter.ToUInt64(bytes, 88));
    });

    [Property]
    public Property Mappings() => Prop.ForAll(Vmas, vma =>
    {
        var bytes = Encode(vma);
        Assert.Equal(vma, Decode(bytes, vma));
        Assert.Equal((uint)vma.Kind, BitConverter.ToUInt32(bytes, 0));
        Assert.Equal(vma.Start, BitConverter.ToUInt64(bytes, 8));
        Assert.Equal(vma.PageOffset, BitConverter.ToUInt64(bytes, 40));
    });

    [Property]
    public Property Shared_memory() => Prop.ForAll(Arb.From(
        from kind in Gen.Elements(SharedMemoryType.Anonymous, SharedMemoryType.MemoryFile)
        from size in Gen.Choose(0, int.MaxValue)
        from seals in Gen.Choose(0, 0x3f)
        from mode in Gen.Choose(0, 0xfff)
        from name in Text(200)
        from shift in Gen.Elements<byte>(12, 16, 21, 30)
        let isFile = kind == SharedMemoryType.MemoryFile
        let bytes = shift == 12 || !isFile ? (ulong)size : (ulong)size << 12 >> shift << shift
        select new SharedMemoryRecord { ObjRef = 3, Kind = kind, Size = bytes, Seals = (uint)seals, Mode = (uint)mode, Name = name, PageShift = isFile ? shift : (byte)12, IsEmpty = isFile && bytes == 0 }),
        record => Assert.Equal(record, Decode(Encode(record), record)));

    [Property]
    public Property Guard_pages() => Prop.ForAll(Arb.From(Gen.Choose(1, 100).ArrayOf().Select(steps => new GuardRegionsRecord(4, Ranges(steps)))),
        record => Assert.Equal(record, Decode(Encode(record), record)));

    [Property]
    public Property Shared_pages() => Prop.ForAll(Arb.From(
        from steps in Gen.Choose(1, 100).NonEmptyListOf()
        from source in Gen.Choose(1, 1000)
        select new SharedPagesRecord(1001, (uint)source, Ranges(steps))), record => Assert.Equal(record, Decode(Encode(record), record)));

    private static List<AddressRange> Ranges(IEnumerable<int> steps)
    {
        var ranges = new List<AddressRange>();
        ulong at = 0;
        foreach (var step in steps)
        {
            ranges.Add(new AddressRange(at + (ulong)step * 4096, at + (ulong)step * 8192));
            at = ranges[^1].End;
        }
        return ranges;
    }

    [Fact]
    public void What_cannot_be_is_refused()
    {
        var vma = new VmaRecord { Kind = VmaType.Anonymous, Start = 0x1000, End = 0x3000 };
        foreach (var bad in new[]
        {
            vma with { Start = 0x1001 }, vma with { End = 0x1000 }, vma with { End = ulong.MaxValue & ~0xffful }, vma with { Kind = (VmaType)99 },
            vma with { Kind = VmaType.SharedAnonymous }, vma with { ObjRef = 1 }, vma with { Kind = VmaType.File }, vma with { PageOffset = ulong.MaxValue },
            vma with { Flags = VmFlags.HugeTlb }, vma with { Flags = VmFlags.HugeTlb, Start = 1 << 21, End = 1 << 22, PageShift = 11 }, vma with { Flags = VmFlags.HugeTlb, Start = 1 << 21, End = 1 << 22, PageOffset = 1 },
        })
            Assert.Throws<CrImageException>(() => Decode(Encode(bad), bad));
        var memory = new SharedMemoryRecord { ObjRef = 1, Kind = SharedMemoryType.MemoryFile, PageShift = 21, Size = 1 << 21 };
        foreach (var bad in new[] { memory with { Size = 4096 }, memory with { PageShift = 63 }, memory with { Kind = SharedMemoryType.Anonymous }, memory with { IsEmpty = true } })
            Assert.Throws<CrImageException>(() => Decode(Encode(bad), bad));
        var guards = new GuardRegionsRecord(1, [new(0x2000, 0x3000), new(0x1000, 0x2000)]);
        Assert.Throws<CrImageException>(() => Decode(Encode(guards), guards));
        var shared = new SharedPagesRecord(1, 2, [new(0x1000, 0x2000), new(0x3000, 0x4000)]);
        foreach (var bad in new[]
        {
            shared with { Source = 0 }, shared with { Source = 1 }, shared with { Ranges = [] }, shared with { Ranges = [new(0x1000, 0x1800)] },
            shared with { Ranges = [new(0x3000, 0x4000), new(0x1000, 0x2000)] }, shared with { Ranges = [new(0x1000, 0x3000), new(0x2000, 0x4000)] },
        })
            Assert.Throws<CrImageException>(() => Decode(Encode(bad), bad));
    }

    private static byte[] Encode(ICrRecord record)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var w = new FieldWriter(buffer);
        record.Write(ref w);
        return buffer.WrittenSpan.ToArray();
    }

    private static ICrRecord Decode(byte[] bytes, ICrRecord like)
    {
        var r = new FieldReader(bytes, 0);
        var record = Kinds.Catalog.Find(like.Type)!.Decode(like.Parent, ref r);
        Assert.Equal(0, r.Remaining);
        return record;
    }
}
