namespace CrCore.Objects.Memory;

/// <summary>Record ids of this folder (docs/image-format.md).</summary>
internal static class MemoryIds
{
    public const short Mm = 201;
    public const short Vma = 202;
    public const short MmContext = 204;
    /// <summary>Revision 4: memory that several mappings may share.</summary>
    public const short SharedMemory = 210;
    /// <summary>Revision 4: guard pages of the address space before it.</summary>
    public const short GuardRegions = 211;
    /// <summary>Revision 4: new mappings of the task are locked.</summary>
    public const short FutureLocks = 212;
    /// <summary>Revision 4: what a System V segment is called and whose it is.</summary>
    public const short SystemVSegment = 450;
    /// <summary>Revision 4: pages of the address space before it that stand in the image as another's.</summary>
    public const short SharedPages = 600;
}
