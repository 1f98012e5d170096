using CrCore.Image;
using CrCore.Image.Revision3;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>What one kind of object of one task takes in an image.</summary>
/// <param name="VPid">The task; 0 for what belongs to the image as a whole or to several tasks.</param>
/// <param name="Comm">The task's name, or empty.</param>
/// <param name="Kind">As <see cref="RecordListing.KindOf"/>; Pages for page blocks.</param>
/// <param name="Records">Records, or page blocks.</param>
/// <param name="Bytes">In the image, headers and padding included.</param>
/// <param name="PageCount">Pages of memory that are stored; 0 for records.</param>
public readonly record struct ImageShare(int VPid, string Comm, string Kind, long Records, long Bytes, long PageCount);

/// <summary>Finds where an image's bytes go. Reads metadata and index, no pages.</summary>
public static class ImageMeasurement
{
    /// <summary>One share for each task and kind, in the image's order; they add up to the image's length.</summary>
    /// <exception cref="CrImageException">The bytes break the format.</exception>
    public static IReadOnlyList<ImageShare> Measure(ImageFile image)
    {
        var shares = new List<ImageShare>();
        var places = new Dictionary<(int, string), int>();
        long counted = 0;
        foreach (var (record, vpid, _) in image.ReadRecords(withPages: false))
        {
            // Revision 3 has its pages between its records.
            if (record.Value is Revision3PageArray pages)
                Add(vpid, "Pages", 1, record.Length, pages.PageCount);
            else
                Add(vpid, RecordListing.KindOf(record.Type.Id), 1, record.Length, 0);
        }
        foreach (var record in image.ReadTrailer())
            Add(0, RecordListing.KindOf(record.Type.Id), 1, record.Length, 0);
        var owners = Owners(image.Model);
        foreach (var block in image.Index.Blocks)
            Add(owners.GetValueOrDefault(block.ObjRef), "Pages", 1, block.Length + ImageFormat.SealSize, block.PageCount);
        // The index, its seal, the trailer's seal and the tail.
        if (image.Length > counted)
            Add(0, "Frame", 1, image.Length - counted, 0);
        return shares;

        void Add(int vpid, string kind, long records, long bytes, long pages)
        {
            counted += bytes;
            if (!places.TryGetValue((vpid, kind), out var place))
            {
                places.Add((vpid, kind), place = shares.Count);
                shares.Add(new ImageShare(vpid, image.Model.FindTask(vpid)?.Comm ?? "", kind, 0, 0, 0));
            }
            var share = shares[place];
            shares[place] = share with { Records = share.Records + records, Bytes = share.Bytes + bytes, PageCount = share.PageCount + pages };
        }
    }

    /// <summary>The task whose address space an object is. Shared memory is nobody's alone.</summary>
    private static Dictionary<uint, int> Owners(ImageModel image)
    {
        var owners = new Dictionary<uint, int>();
        foreach (var task in image.Tasks)
            if (task.Get<MmRecord>() is { } mm)
                owners.TryAdd(mm.ObjRef, task.VPid);
        return owners;
    }
}
