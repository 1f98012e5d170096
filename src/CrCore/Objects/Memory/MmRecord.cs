using CrCore.Image;
using CrCore.Objects.Files;

namespace CrCore.Objects.Memory;

/// <summary>
/// MM (201): an address space. Its VMAs follow, then MM_CONTEXT. The addresses are those of struct prctl_mm_map
/// (include/uapi/linux/prctl.h).
/// </summary>
public sealed record MmRecord : ISharedObject
{
    /// <summary>Payload bytes of the seed; revision 4 goes on behind them.</summary>
    public const int SeedSize = 96;

    /// <summary>Bytes of the auxiliary vector that are accepted: the kernel keeps AT_VECTOR_SIZE words, about 50.</summary>
    public const int MaxAuxv = 4096;

    /// <inheritdoc/>
    public short Type => MemoryIds.Mm;

    /// <summary>The task's vpid.</summary>
    public uint Parent { get; init; }

    /// <summary>Positive, unique in the image: its pages are stored under it.</summary>
    public uint ObjRef { get; init; }

    /// <summary>VMA records that follow.</summary>
    public int MapCount { get; init; }

    /// <summary>First address of the program's code.</summary>
    public ulong StartCode { get; init; }
    /// <summary>First address behind the program's code.</summary>
    public ulong EndCode { get; init; }
    /// <summary>First address of its initialized data.</summary>
    public ulong StartData { get; init; }
    /// <summary>First address behind its initialized data.</summary>
    public ulong EndData { get; init; }
    /// <summary>First address of the heap, which the program break never goes below.</summary>
    public ulong StartBrk { get; init; }

    /// <summary>The program break as brk(2) tells it: exact to the byte, where the heap's mapping ends at a page.</summary>
    public ulong Brk { get; init; }

    /// <summary>Where the stack was when the program began; it grows down from there.</summary>
    public ulong StartStack { get; init; }
    /// <summary>First byte of what /proc/PID/cmdline shows.</summary>
    public ulong ArgStart { get; init; }
    /// <summary>First byte behind what /proc/PID/cmdline shows.</summary>
    public ulong ArgEnd { get; init; }
    /// <summary>First byte of what /proc/PID/environ shows.</summary>
    public ulong EnvStart { get; init; }
    /// <summary>First byte behind what /proc/PID/environ shows.</summary>
    public ulong EnvEnd { get; init; }

    /// <summary>XXH3-64 of the kernel's vdso. A restored task runs with the vdso of the kernel it is restored on.</summary>
    public ulong VdsoHash { get; init; }

    /// <summary>/proc/PID/auxv: pairs of 64-bit words up to AT_NULL.</summary>
    public ReadOnlyMemory<byte> Auxv { get; init; }

    /// <summary>What /proc/PID/exe leads to.</summary>
    public string ExePath { get; init; } = "";

    /// <summary>The program's file when it was saved, to see at a restore whether it still is that one.</summary>
    public FileIdentity ExeIdentity { get; init; }

    /// <summary>The GHOST or REMAP of a program file that its name does not lead to, the SHARED_MEMORY of one that is a memfd, or 0.</summary>
    public uint ExeAnchor { get; init; }

    /// <summary>Whether the program was executed from a file of memfd_create(2).</summary>
    public bool RunsFromMemory(ImageModel image) => image.Objects.GetValueOrDefault(ExeAnchor) is SharedMemoryRecord { Kind: SharedMemoryType.MemoryFile };

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.U32(ObjRef);
        w.I32(MapCount);
        w.U64(StartCode);
        w.U64(EndCode);
        w.U64(StartData);
        w.U64(EndData);
        w.U64(StartBrk);
        w.U64(Brk);
        w.U64(StartStack);
        w.U64(ArgStart);
        w.U64(ArgEnd);
        w.U64(EnvStart);
        w.U64(EnvEnd);
        w.U64(VdsoHash);
        w.Blob(Auxv.Span);
        w.Text(ExePath);
        ExeIdentity.Write(ref w);
        w.U32(ExeAnchor);
    }

    internal static MmRecord Read(uint parent, ref FieldReader r)
    {
        var mm = ReadSeed(parent, ref r);
        if (mm.ObjRef == 0 || parent == 0)
            throw r.Bad("an address space has no reference or no task");
        mm = mm with { VdsoHash = r.U64(), Auxv = r.Blob(MaxAuxv), ExePath = r.Text(), ExeIdentity = FileIdentity.Read(ref r), ExeAnchor = r.U32() };
        if (mm.Auxv.Length % 16 != 0)
            throw r.Bad($"the auxiliary vector has {mm.Auxv.Length} bytes, no whole pairs of words");
        return mm;
    }

    /// <summary>The seed's form, the first 96 bytes of revision 4.</summary>
    internal static MmRecord ReadSeed(uint parent, ref FieldReader r)
    {
        var mm = new MmRecord
        {
            Parent = parent,
            ObjRef = r.U32(),
            MapCount = r.I32(),
            StartCode = r.U64(),
            EndCode = r.U64(),
            StartData = r.U64(),
            EndData = r.U64(),
            StartBrk = r.U64(),
            Brk = r.U64(),
            StartStack = r.U64(),
            ArgStart = r.U64(),
            ArgEnd = r.U64(),
            EnvStart = r.U64(),
            EnvEnd = r.U64(),
        };
        if (mm.MapCount < 0)
            throw r.Bad($"an address space has {mm.MapCount} mappings");
        return mm;
    }

    // A record's own equality would compare the vector's memory by reference.
    /// <inheritdoc/>
    public bool Equals(MmRecord? other)
        => other is not null && Parent == other.Parent && ObjRef == other.ObjRef && MapCount == other.MapCount
        && (StartCode, EndCode, StartData, EndData, StartBrk, Brk) == (other.StartCode, other.EndCode, other.StartData, other.EndData, other.StartBrk, other.Brk)
        && (StartStack, ArgStart, ArgEnd, EnvStart, EnvEnd) == (other.StartStack, other.ArgStart, other.ArgEnd, other.EnvStart, other.EnvEnd)
        && VdsoHash == other.VdsoHash && ExePath == other.ExePath && ExeIdentity.Equals(other.ExeIdentity) && ExeAnchor == other.ExeAnchor
        && Auxv.Span.SequenceEqual(other.Auxv.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Parent, ObjRef, Brk, ExePath);
}
