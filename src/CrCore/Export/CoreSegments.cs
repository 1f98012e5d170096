using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Export;

/// <summary>A stretch of an address space in a core.</summary>
/// <param name="HasBytes">The core holds its bytes; else a debugger takes them from the mapped file, if it can.</param>
internal readonly record struct CoreSegment(ulong Start, ulong End, MemoryProtection Rights, bool HasBytes);

/// <summary>
/// Which bytes of a task go into its core: all memory that is the task's own, and of private files what it has changed. Memory
/// never written to is zero, and takes no room in the file.
/// </summary>
internal static class CoreSegments
{
    public static List<CoreSegment> Of(TaskImage task, ImageMemory memory, bool files)
    {
        var segments = new List<CoreSegment>();
        if (memory.LayoutOf(task) is not { } layout)
            return segments;
        foreach (var mapping in layout.Mappings)
            Add(segments, task, memory, layout, mapping, files);
        return segments;
    }

    private static void Add(List<CoreSegment> segments, TaskImage task, ImageMemory memory, MemoryLayout layout, in SavedMapping mapping, bool files)
    {
        var vma = mapping.Vma;
        if (vma.Kind != VmaType.File)
        {
            // A reservation may span terabytes: it is listed, and has no bytes.
            var has = !vma.IsSpecial && (vma.Protection != MemoryProtection.None || (vma.HasPrivatePages && memory.NextStored(layout.Mm.ObjRef, vma.Start, vma.End) < vma.End));
            segments.Add(new CoreSegment(vma.Start, vma.End, vma.Protection, has));
            return;
        }
        Span<byte> page = stackalloc byte[ImageFormat.PageSize];
        var (from, held) = (vma.Start, false);
        var stored = vma.HasPrivatePages ? StoredPages(memory, layout.Mm.ObjRef, vma) : [];
        for (var at = vma.Start; at < vma.End; at += ImageFormat.PageSize)
        {
            // A file's first page tells debuggers which file it is (its build id), as in the kernel's own cores.
            var wanted = stored.Contains(at)
                || ((files || (vma.PageOffset == 0 && at == vma.Start)) && memory.Read(task, at, page, out var source) > 0 && source == MemorySource.File);
            if (wanted == held)
                continue;
            if (at > from)
                segments.Add(new CoreSegment(from, at, vma.Protection, held));
            (from, held) = (at, wanted);
        }
        segments.Add(new CoreSegment(from, vma.End, vma.Protection, held));
    }

    private static HashSet<ulong> StoredPages(ImageMemory memory, uint objRef, VmaRecord vma)
    {
        var pages = new HashSet<ulong>();
        using var pieces = memory.StoredPieces(objRef, vma.Start, vma.End);
        while (pieces.Next())
            for (var at = pieces.Address; at < pieces.Address + (ulong)pieces.Bytes.Length; at += ImageFormat.PageSize)
                pages.Add(at);
        return pages;
    }
}
