using CrCore.Image;
using CrCore.Inspection;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Reporting;

/// <summary>What a mapping is to people: its colour in the pictures.</summary>
internal enum MappingGroup
{
    Code,
    File,
    Heap,
    Stack,
    Private,
    Shared,
    Reserved,
    System,
}

internal static class MappingGroups
{
    public static ReadOnlySpan<MappingGroup> All =>
        [MappingGroup.Code, MappingGroup.File, MappingGroup.Heap, MappingGroup.Stack, MappingGroup.Private, MappingGroup.Shared, MappingGroup.Reserved, MappingGroup.System];

    public static MappingGroup Of(TaskImage task, in SavedMapping mapping)
    {
        var vma = mapping.Vma;
        if (vma.IsSpecial)
            return MappingGroup.System;
        if ((vma.Protection & (MemoryProtection.Read | MemoryProtection.Write | MemoryProtection.Execute)) == 0)
            return MappingGroup.Reserved;
        if (vma.Kind == VmaType.File)
            return (vma.Protection & MemoryProtection.Execute) != 0 ? MappingGroup.Code : MappingGroup.File;
        return vma.IsShared ? MappingGroup.Shared : MappingText.Name(task, mapping) switch
        {
            "[heap]" => MappingGroup.Heap,
            "[stack]" => MappingGroup.Stack,
            _ => MappingGroup.Private,
        };
    }

    public static string Label(MappingGroup group) => group switch
    {
        MappingGroup.Code => "code of files",
        MappingGroup.File => "data of files",
        MappingGroup.Heap => "heap",
        MappingGroup.Stack => "stack",
        MappingGroup.Private => "private memory",
        MappingGroup.Shared => "shared memory",
        MappingGroup.Reserved => "reserved, no access",
        _ => "of the kernel",
    };
}
