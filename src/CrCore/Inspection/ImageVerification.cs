using CrCore.Image;
using CrCore.Image.Revision3;
using CrCore.Objects.Files;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>What was read of an image that keeps every rule.</summary>
/// <param name="Pages">Pages of memory that are stored.</param>
/// <param name="HasChecksums">Whether the bytes were held against checksums, which revision 3 does not have.</param>
public readonly record struct VerifiedImage(long Pages, bool HasChecksums);

/// <summary>Reads all of an image and holds it to every rule of the format and to those of its kinds.</summary>
public static class ImageVerification
{
    /// <param name="progress">Pages read.</param>
    /// <exception cref="CrImageException">What is wrong first, and where.</exception>
    public static VerifiedImage Verify(ImageReader reader, Action<long>? progress = null, CancellationToken cancel = default)
    {
        var image = reader.ReadMetadata(cancel);
        if (image.Head.Revision < ImageFormat.Revision)
            return new(Revision3Pages(image), HasChecksums: false);
        _ = new SavedFiles(image);
        var bounds = Bounds(image);
        long pages = 0;
        using var block = new PageBlock();
        while (reader.ReadPages(block, cancel))
        {
            foreach (var run in block.Runs)
                if (!bounds[block.ObjRef](run))
                    throw ImageError.Objects(block.Offset, $"the pages {run.VAddr:x}-{run.End:x} of object {block.ObjRef} lie where it has none of its own");
            pages += block.PageCount;
            progress?.Invoke(pages);
        }
        return new(pages, HasChecksums: true);
    }

    /// <summary>They stand between the records, and have been read with them.</summary>
    private static long Revision3Pages(ImageModel image)
    {
        long pages = 0;
        foreach (var task in image.Tasks)
            foreach (var array in task.All<Revision3PageArray>())
                pages += array.PageCount;
        return pages;
    }

    /// <summary>For each object that has pages, whether a run lies within it.</summary>
    private static Dictionary<uint, Func<PageRun, bool>> Bounds(ImageModel image)
    {
        var bounds = new Dictionary<uint, Func<PageRun, bool>>();
        foreach (var (objRef, value) in image.Objects)
            bounds.Add(objRef, value is SharedMemoryRecord memory ? run => memory.Size == 0 || run.VAddr < memory.Size : _ => true);
        var layouts = new MemoryLayouts();
        var shared = layouts.SharedPagesOf(image);
        foreach (var task in image.Tasks)
            if (layouts.Of(task) is { } layout)
                bounds[layout.Mm.ObjRef] = run => layout.HasPrivatePages(new(run.VAddr, run.End)) && shared.IsOwn(layout.Mm.ObjRef, new(run.VAddr, run.End));
        return bounds;
    }
}
