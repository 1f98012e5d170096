using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Inspection;

/// <summary>Mappings as /proc/PID/maps words them.</summary>
public static class MappingText
{
    /// <summary>r, w, x, and p for private or s for shared.</summary>
    public static string Rights(VmaRecord vma) => string.Create(4, vma, static (text, v) =>
    {
        text[0] = (v.Protection & MemoryProtection.Read) != 0 ? 'r' : '-';
        text[1] = (v.Protection & MemoryProtection.Write) != 0 ? 'w' : '-';
        text[2] = (v.Protection & MemoryProtection.Execute) != 0 ? 'x' : '-';
        text[3] = v.IsShared ? 's' : 'p';
    });

    /// <summary>A file's path, or what else tells people what the mapping is; empty for plain memory.</summary>
    public static string Name(TaskImage task, in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        return vma.Kind switch
        {
            VmaType.File => mapping.Path,
            VmaType.Vdso => "[vdso]",
            VmaType.Vvar => "[vvar]",
            VmaType.VvarVclock => "[vvar_vclock]",
            VmaType.MemoryFile => $"memfd:{vma.Name}",
            _ when vma.Name.Length > 0 => vma.IsShared ? $"[anon_shmem:{vma.Name}]" : $"[anon:{vma.Name}]",
            VmaType.Anonymous when task.Get<MmRecord>() is { } mm => Special(mm, vma),
            VmaType.SharedAnonymous => "[shared]",
            VmaType.SystemVShared => "[sysv]",
            VmaType.AioRing => "[aio]",
            _ => "",
        };
    }

    private static string Special(MmRecord mm, VmaRecord vma)
        => vma.Start <= mm.StartStack && mm.StartStack < vma.End ? "[stack]"
        : vma.Start < mm.Brk && mm.StartBrk < vma.End ? "[heap]"
        : "";
}
