using CrCore.Image;

namespace CrCore.Objects.Memory;

/// <summary>MM_CONTEXT (204): ends an address space. The seed's place for a local descriptor table; there is none here.</summary>
/// <param name="ObjRef">The address space's reference: the framing's parent.</param>
public sealed record MmContextRecord(uint ObjRef) : ICrRecord
{
    internal const int PayloadSize = 8;

    /// <summary>LDT_ENTRY_SIZE of arch/x86/include/uapi/asm/ldt.h.</summary>
    private const short EntrySize = 8;

    /// <inheritdoc/>
    public short Type => MemoryIds.MmContext;
    /// <inheritdoc/>
    public uint Parent => ObjRef;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I16(EntrySize);
        w.I16(0);
        w.U32(0);
    }

    internal static MmContextRecord Read(uint parent, ref FieldReader r)
    {
        var (size, count, pad) = (r.I16(), r.I16(), r.U32());
        if (size != EntrySize || count != 0 || pad != 0)
            throw r.Bad($"a local descriptor table has {count} entries of {size} bytes, which revision 4 has not");
        return new MmContextRecord(parent);
    }
}
