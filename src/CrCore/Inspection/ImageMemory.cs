using CrCore.Image;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>Where the bytes of a saved address space come from.</summary>
public enum MemorySource
{
    /// <summary>The image holds them.</summary>
    Image,
    /// <summary>Memory that was never written to: zeros.</summary>
    Zero,
    /// <summary>A file on this machine that is still as it was: the image does not hold what the task did not change.</summary>
    File,
    /// <summary>Nowhere: the file is missing or has changed, or the kernel itself provides the page.</summary>
    Missing,
}

/// <summary>
/// The memory of an image's tasks, byte by byte, as they would find it after a restore. It keeps the block read last, so that
/// neighbouring reads are cheap. Not for several threads at once.
/// </summary>
public sealed class ImageMemory(ImageFile image) : IDisposable
{
    private readonly MemoryLayouts _layouts = new();
    private readonly PageBlock _block = new();
    private readonly MappedFileReader _files = new();
    private long _blockOffset = -1;

    /// <summary>The task's mappings in the order of their addresses; null for one that has ended and has none.</summary>
    internal MemoryLayout? LayoutOf(TaskImage task) => _layouts.Of(task);

    /// <summary>The mapping that holds an address, or null.</summary>
    public SavedMapping? MappingAt(TaskImage task, ulong address)
    {
        if (_layouts.Of(task) is not { } layout)
            return null;
        var index = layout.FirstEndingAfter(address);
        return index < layout.Mappings.Count && layout.Mappings[index].Vma.Start <= address ? layout.Mappings[index] : null;
    }

    /// <summary>
    /// Reads as many bytes as come from one place: at least 1, unless nothing is mapped there, and at most up to the mapping's
    /// end. Bytes that are missing come as zeros.
    /// </summary>
    /// <returns>The number of bytes; 0 where the task has nothing mapped at the address.</returns>
    public int Read(TaskImage task, ulong address, Span<byte> destination, out MemorySource source)
    {
        source = MemorySource.Missing;
        if (MappingAt(task, address) is not { } mapping)
            return 0;
        var vma = mapping.Vma;
        var part = destination[..(int)Math.Min((ulong)destination.Length, vma.End - address)];
        var inObject = vma.PageOffset * ImageFormat.PageSize + (address - vma.Start);
        if (vma.HasPrivatePages && ReadPrivate(_layouts.Of(task)!.Mm.ObjRef, address, ref part))
            return Said(part, MemorySource.Image, out source);
        if (vma.ObjRef != 0 && ReadStored(vma.ObjRef, inObject, ref part))
            return Said(part, MemorySource.Image, out source);
        part.Clear();
        return vma.Kind switch
        {
            VmaType.Anonymous or VmaType.SharedAnonymous or VmaType.MemoryFile or VmaType.SystemVShared => Said(part, MemorySource.Zero, out source),
            VmaType.File when _files.Read(mapping.Path, vma.Identity!.Value, inObject, part) => Said(part, MemorySource.File, out source),
            _ => Said(part, MemorySource.Missing, out source),
        };
    }

    /// <summary>How many bytes from an address on, within its mapping, are zeros because nothing stores them; found without reading them.</summary>
    internal ulong ZeroBytes(TaskImage task, ulong address)
    {
        if (MappingAt(task, address) is not { } mapping)
            return 0;
        var vma = mapping.Vma;
        if (vma is { Kind: VmaType.Anonymous, IsShared: false })
            return NextStored(_layouts.Of(task)!.Mm.ObjRef, address, vma.End) - address;
        if (vma.Kind is not VmaType.SharedAnonymous)
            return 0;
        var inObject = vma.PageOffset * ImageFormat.PageSize + (address - vma.Start);
        return NextStored(vma.ObjRef, inObject, inObject + (vma.End - address)) - inObject;
    }

    /// <summary>The first address from a given one on that is stored for an object, be it as another's, or <paramref name="end"/>.</summary>
    internal ulong NextStored(uint objRef, ulong address, ulong end)
    {
        while (address < end)
        {
            var owner = Shared.OwnerAt(objRef, address, out var until);
            until = Math.Min(until, end);
            if (NextStoredBy(owner, address, until) is var next && next < until)
                return next;
            address = until;
        }
        return end;
    }

    /// <summary>What is stored of an object, from an address up to another.</summary>
    internal StoredPieces StoredPieces(uint objRef, ulong start, ulong end) => new(image, Shared, objRef, start, end);

    /// <inheritdoc/>
    public void Dispose()
    {
        _block.Dispose();
        _files.Dispose();
    }

    private SharedPages Shared => _layouts.SharedPagesOf(image.Model);

    private ulong NextStoredBy(uint objRef, ulong address, ulong end)
    {
        foreach (ref readonly var entry in image.FindPages(objRef, address, end))
        {
            if (entry.FirstVAddr >= address)
                return entry.FirstVAddr;
            // A block's pages may lie far apart.
            Load(entry);
            foreach (var run in _block.Runs)
                if (run.End > address)
                    return Math.Min(end, Math.Max(address, run.VAddr));
        }
        return end;
    }

    private bool ReadPrivate(uint objRef, ulong address, ref Span<byte> part)
    {
        var owner = Shared.OwnerAt(objRef, address, out var end);
        part = part[..(int)Math.Min((ulong)part.Length, end - address)];
        return ReadStored(owner, address, ref part);
    }

    private static int Said(Span<byte> part, MemorySource what, out MemorySource source)
    {
        source = what;
        return part.Length;
    }

    /// <summary>
    /// Reads stored bytes of an object from an address on. Where none are stored at the address, <paramref name="part"/> is cut
    /// to the bytes before the next that are.
    /// </summary>
    private bool ReadStored(uint objRef, ulong address, ref Span<byte> part)
    {
        foreach (ref readonly var entry in image.FindPages(objRef, address, address + (ulong)part.Length))
        {
            if (entry.FirstVAddr > address)
            {
                part = part[..(int)(entry.FirstVAddr - address)];
                return false;
            }
            Load(entry);
            var at = 0;
            foreach (var run in _block.Runs)
            {
                if (run.VAddr > address)
                {
                    part = part[..(int)Math.Min((ulong)part.Length, run.VAddr - address)];
                    return false;
                }
                if (address < run.End)
                {
                    part = part[..(int)Math.Min((ulong)part.Length, run.End - address)];
                    _block.Data.Slice(at + (int)(address - run.VAddr), part.Length).CopyTo(part);
                    return true;
                }
                at += (int)(run.End - run.VAddr);
            }
        }
        return false;
    }

    private void Load(in PageBlockEntry entry)
    {
        if (_blockOffset == entry.Offset)
            return;
        _blockOffset = -1;
        image.ReadPages(entry, _block);
        _blockOffset = entry.Offset;
    }
}
