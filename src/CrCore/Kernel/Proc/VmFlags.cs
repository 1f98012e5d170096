namespace CrCore.Kernel;

/// <summary>
/// What the kernel keeps of a mapping beside its place: VM_* of include/linux/mm.h, as the VmFlags line of
/// proc_pid_smaps(5) tells them. The values are those of Linux 6.18 on x86-64 and are fixed by the image format.
/// </summary>
[Flags]
public enum VmFlags : ulong
{
    None = 0,
    Read = 0x1,
    Write = 0x2,
    Execute = 0x4,
    Shared = 0x8,
    MayRead = 0x10,
    /// <summary>mprotect(2) may give the right to write: for a shared file mapping, the file was opened for writing.</summary>
    MayWrite = 0x20,
    MayExecute = 0x40,
    MayShare = 0x80,
    /// <summary>MAP_GROWSDOWN, and the main stack.</summary>
    GrowsDown = 0x100,
    UserFaultMissing = 0x200,
    /// <summary>Pages without struct page: device memory.</summary>
    PfnMap = 0x400,
    UserFaultWriteProtect = 0x1000,
    /// <summary>mlock(2).</summary>
    Locked = 0x2000,
    Io = 0x4000,
    SequentialRead = 0x8000,
    RandomRead = 0x1_0000,
    /// <summary>MADV_DONTFORK.</summary>
    DontCopy = 0x2_0000,
    DontExpand = 0x4_0000,
    /// <summary>MLOCK_ONFAULT of mlock2(2), together with <see cref="Locked"/>.</summary>
    LockOnFault = 0x8_0000,
    Account = 0x10_0000,
    /// <summary>MAP_NORESERVE.</summary>
    NoReserve = 0x20_0000,
    HugeTlb = 0x40_0000,
    /// <summary>MAP_SYNC.</summary>
    Sync = 0x80_0000,
    WipeOnFork = 0x200_0000,
    DontDump = 0x400_0000,
    SoftDirty = 0x800_0000,
    MixedMap = 0x1000_0000,
    /// <summary>MADV_HUGEPAGE.</summary>
    HugePage = 0x2000_0000,
    /// <summary>MADV_NOHUGEPAGE.</summary>
    NoHugePage = 0x4000_0000,
    /// <summary>MADV_MERGEABLE.</summary>
    Mergeable = 0x8000_0000,
    ShadowStack = 1UL << 37,
    /// <summary>MAP_DROPPABLE.</summary>
    Droppable = 1UL << 40,
    UserFaultMinor = 1UL << 41,
    /// <summary>mseal(2).</summary>
    Sealed = 1UL << 42,
}

/// <summary>The two-letter names of the VmFlags line (show_smap_vma_flags in fs/proc/task_mmu.c).</summary>
internal static class VmFlagNames
{
    /// <summary>The flag of a name; None for one that needs no keeping or is not known.</summary>
    public static VmFlags Parse(ReadOnlySpan<byte> name) => name.Length != 2 ? VmFlags.None : (name[0] << 8 | name[1]) switch
    {
        'r' << 8 | 'd' => VmFlags.Read,
        'w' << 8 | 'r' => VmFlags.Write,
        'e' << 8 | 'x' => VmFlags.Execute,
        's' << 8 | 'h' => VmFlags.Shared,
        'm' << 8 | 'r' => VmFlags.MayRead,
        'm' << 8 | 'w' => VmFlags.MayWrite,
        'm' << 8 | 'e' => VmFlags.MayExecute,
        'm' << 8 | 's' => VmFlags.MayShare,
        'g' << 8 | 'd' => VmFlags.GrowsDown,
        'p' << 8 | 'f' => VmFlags.PfnMap,
        'l' << 8 | 'o' => VmFlags.Locked,
        'i' << 8 | 'o' => VmFlags.Io,
        'l' << 8 | 'f' => VmFlags.LockOnFault,
        's' << 8 | 'r' => VmFlags.SequentialRead,
        'r' << 8 | 'r' => VmFlags.RandomRead,
        'd' << 8 | 'c' => VmFlags.DontCopy,
        'd' << 8 | 'e' => VmFlags.DontExpand,
        'a' << 8 | 'c' => VmFlags.Account,
        'n' << 8 | 'r' => VmFlags.NoReserve,
        'h' << 8 | 't' => VmFlags.HugeTlb,
        's' << 8 | 'f' => VmFlags.Sync,
        'w' << 8 | 'f' => VmFlags.WipeOnFork,
        'd' << 8 | 'd' => VmFlags.DontDump,
        's' << 8 | 'd' => VmFlags.SoftDirty,
        'm' << 8 | 'm' => VmFlags.MixedMap,
        'h' << 8 | 'g' => VmFlags.HugePage,
        'n' << 8 | 'h' => VmFlags.NoHugePage,
        'm' << 8 | 'g' => VmFlags.Mergeable,
        'u' << 8 | 'm' => VmFlags.UserFaultMissing,
        'u' << 8 | 'w' => VmFlags.UserFaultWriteProtect,
        'u' << 8 | 'i' => VmFlags.UserFaultMinor,
        's' << 8 | 's' => VmFlags.ShadowStack,
        's' << 8 | 'l' => VmFlags.Sealed,
        'd' << 8 | 'p' => VmFlags.Droppable,
        _ => VmFlags.None,
    };
}
