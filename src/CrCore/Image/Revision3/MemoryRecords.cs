namespace CrCore.Image.Revision3;

/// <summary>MM (201): an address space; as many VMA records follow as it has mappings.</summary>
/// <param name="VPid">The task.</param>
/// <param name="ObjRef">The address space's number, the same where tasks share it.</param>
/// <param name="MapCount">VMA records that follow.</param>
public sealed record Revision3Mm(uint VPid, uint ObjRef, uint MapCount) : Revision3Record(VPid)
{
    /// <inheritdoc/>
    public override short Type => Revision3Ids.Mm;

    /// <summary>First address of the program's code.</summary>
    public ulong StartCode { get; init; }
    /// <summary>One past the program's code.</summary>
    public ulong EndCode { get; init; }
    /// <summary>First address of its initialized data.</summary>
    public ulong StartData { get; init; }
    /// <summary>One past its initialized data.</summary>
    public ulong EndData { get; init; }
    /// <summary>First address of the heap.</summary>
    public ulong StartBrk { get; init; }
    /// <summary>One past the heap: the program break (brk(2)).</summary>
    public ulong Brk { get; init; }
    /// <summary>Where the stack began.</summary>
    public ulong StartStack { get; init; }
    /// <summary>First address of the arguments.</summary>
    public ulong ArgStart { get; init; }
    /// <summary>One past the arguments.</summary>
    public ulong ArgEnd { get; init; }
    /// <summary>First address of the environment.</summary>
    public ulong EnvStart { get; init; }
    /// <summary>One past the environment.</summary>
    public ulong EnvEnd { get; init; }

    internal static Revision3Mm Read(uint parent, ref FieldReader r)
        => new(parent, r.U32(), r.U32())
        {
            StartCode = r.U64(), EndCode = r.U64(), StartData = r.U64(), EndData = r.U64(), StartBrk = r.U64(), Brk = r.U64(),
            StartStack = r.U64(), ArgStart = r.U64(), ArgEnd = r.U64(), EnvStart = r.U64(), EnvEnd = r.U64(),
        };
}

/// <summary>VMA (202): a mapping; a file's is followed by its FNAME, all by their page arrays.</summary>
/// <param name="VmaType">A constant of this type.</param>
/// <param name="Start">First address.</param>
/// <param name="End">First address after it.</param>
/// <param name="PageProt">The page tables' protection bits of the kernel that wrote it.</param>
/// <param name="Flags">VM_ flags (include/linux/mm.h) of the kernel that wrote it.</param>
/// <param name="PageOffset">Where the mapping begins in its file, in pages.</param>
public sealed record Revision3Vma(uint VmaType, ulong Start, ulong End, ulong PageProt, ulong Flags, ulong PageOffset) : Revision3Record(0u)
{
    /// <summary>Values of <see cref="VmaType"/>.</summary>
    public const uint Anonymous = 1, File = 2;

    /// <inheritdoc/>
    public override short Type => Revision3Ids.Vma;

    internal static Revision3Vma Read(uint parent, ref FieldReader r)
    {
        var type = r.U32();
        r.U32();
        var vma = new Revision3Vma(type, r.U64(), r.U64(), r.U64(), r.U64(), r.U64());
        if (type is not (Anonymous or File))
            throw r.Bad($"a mapping has the type {type}");
        return vma.Start < vma.End ? vma : throw r.Bad($"a mapping goes from {vma.Start:x} to {vma.End:x}");
    }
}

/// <summary>PGARR (203): addresses of pages, whose contents follow in the image. One without pages ends its mapping.</summary>
/// <param name="PageCount">Pages, 0 for the end of a mapping.</param>
public sealed record Revision3PageArray(int PageCount) : Revision3Record(0u)
{
    /// <inheritdoc/>
    public override short Type => RecordIds.PageArray;

    /// <summary>The pages' addresses, a multiple of 4096 each.</summary>
    public IReadOnlyList<ulong> Addresses { get; init; } = [];

    /// <summary>Where the first page's bytes are in the image.</summary>
    public long DataOffset { get; init; }

    internal static Revision3PageArray Read(uint parent, ref FieldReader r)
    {
        var pages = r.U64();
        return pages <= ImageLimits.MaxRevision3Pages ? new((int)pages) : throw r.Bad($"a page array has {pages} pages");
    }
}

/// <summary>MM_CONTEXT (204): the local descriptor table.</summary>
/// <param name="ObjRef">The address space: the framing's parent.</param>
/// <param name="EntrySize">Bytes of an entry: 8, or 0 without any.</param>
/// <param name="EntryCount">At most 8192 (LDT_ENTRIES).</param>
public sealed record Revision3MmContext(uint ObjRef, short EntrySize, short EntryCount) : Revision3Record(ObjRef)
{
    // LDT_ENTRIES of arch/x86/include/uapi/asm/ldt.h.
    private const int MaxEntries = 8192;

    /// <inheritdoc/>
    public override short Type => Revision3Ids.MmContext;

    /// <summary><see cref="EntryCount"/> descriptors of <see cref="EntrySize"/> bytes each.</summary>
    public ReadOnlyMemory<byte> Entries { get; init; }

    internal static Revision3MmContext Read(uint parent, ref FieldReader r)
    {
        var record = new Revision3MmContext(parent, r.I16(), r.I16());
        r.U32();
        return record.EntryCount == 0 || (record.EntrySize == 8 && record.EntryCount is > 0 and <= MaxEntries)
            ? record
            : throw r.Bad($"an LDT has {record.EntryCount} entries of {record.EntrySize} bytes");
    }
}
