using CrCore.Image;
using CrCore.Image.Revision3;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>The mappings of a saved task, whichever revision the image has.</summary>
public static class SavedMappings
{
    /// <summary>Ascending; empty for a task that has ended.</summary>
    /// <exception cref="CrImageException">CrImageBadObject: the records do not fit together.</exception>
    public static IReadOnlyList<SavedMapping> Of(TaskImage task)
        => task.Get<Revision3Mm>() is null ? MemoryLayout.Of(task)?.Mappings ?? [] : OfRevision3(task);

    private static List<SavedMapping> OfRevision3(TaskImage task)
    {
        var mappings = new List<SavedMapping>();
        var records = task.Records;
        for (var i = 0; i < records.Count; i++)
        {
            if (records[i] is not Revision3Vma vma)
                continue;
            var path = vma.VmaType == Revision3Vma.File && i + 1 < records.Count && records[i + 1] is FNameRecord name ? name.Path : "";
            mappings.Add(new SavedMapping(Modern(vma), path));
        }
        return mappings;
    }

    // VM_READ, VM_WRITE and VM_EXEC have had the values of PROT_* ever since (include/linux/mm.h).
    private static VmaRecord Modern(Revision3Vma vma) => new()
    {
        Kind = (VmaType)vma.VmaType,
        Start = vma.Start,
        End = vma.End,
        Protection = (MemoryProtection)(vma.Flags & 7),
        Flags = (VmFlags)vma.Flags,
        PageOffset = vma.PageOffset,
    };
}
