using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Memory;

/// <summary>Why a mapping cannot be saved.</summary>
/// <param name="Reason">A clause without a full stop.</param>
internal sealed record MappingRefusal(string Id, string Reason, string Advice, CrErrorKind Kind = CrErrorKind.NotSupported);

/// <summary>Which mappings can be saved, and as what.</summary>
internal static class MappingRules
{
    private const string Devices = "Devices keep state of their own that cannot be saved; have the program close the device first.";

    /// <summary>What maps alone tells.</summary>
    public static MappingRefusal? Check(MappedFiles files, int pid, in MemoryMapping m) => m.Kind switch
    {
        MappingKind.Special when IsAioRing(m) || IsPacketRing(m) => null,
        MappingKind.Special => new("CrMappingSpecial", $"the kernel object {m.Path} is mapped, which is not saved", m.Path.Contains("io_uring", StringComparison.Ordinal) ? UnsupportedText.IoUringAdvice : "Have the program close what made the mapping (perf, uprobes …)."),
        MappingKind.SystemVShared => SystemVCapture.Check(files.Proc, pid, m),
        MappingKind.File => CheckFile(files, pid, m),
        _ => null,
    };

    /// <summary>What smaps adds.</summary>
    /// <param name="isHandled">A userfaultfd that is saved has it.</param>
    public static MappingRefusal? CheckFlags(in DetailedMapping d, bool isHandled)
    {
        var flags = d.Flags;
        if (TypeOf(d.Mapping) is VmaType.Vdso or VmaType.Vvar or VmaType.VvarVclock or VmaType.AioRing or VmaType.PacketRing)
            return null;
        if ((flags & (VmFlags.Io | VmFlags.PfnMap | VmFlags.MixedMap)) != 0)
            return new("CrMappingDevice", "it is a mapping of device memory", Devices);
        if ((flags & HandledFaults.Flags) != 0 && HandledFaults.Refusal(d, isHandled) is { } reason)
            return new("CrMappingUserFault", reason, "Have the program unregister the range.");
        if ((flags & VmFlags.ShadowStack) != 0)
            return new("CrShadowStack", "it is a shadow stack, which is not saved", "Run the program without shadow stacks (GLIBC_TUNABLES=glibc.cpu.hwcaps=-SHSTK).");
        if (d.ProtectionKey != 0)
            return new("CrProtectionKey", $"it has the memory protection key {d.ProtectionKey}, which is not saved", "Run the program without protection keys (pkeys(7)).");
        return null;
    }

    /// <summary>The type in the image; null for what needs no record ([vsyscall]).</summary>
    public static VmaType? TypeOf(in MemoryMapping m) => m.Kind switch
    {
        MappingKind.Anonymous or MappingKind.Heap or MappingKind.Stack => VmaType.Anonymous,
        MappingKind.File when IsAnonymousHuge(m) => m.IsShared ? VmaType.SharedAnonymous : VmaType.Anonymous,
        MappingKind.File => VmaType.File,
        MappingKind.SharedAnonymous => VmaType.SharedAnonymous,
        MappingKind.MemoryFile => VmaType.MemoryFile,
        MappingKind.SystemVShared => VmaType.SystemVShared,
        MappingKind.Vdso => VmaType.Vdso,
        MappingKind.Vvar => VmaType.Vvar,
        MappingKind.VvarVclock => VmaType.VvarVclock,
        MappingKind.Special when IsAioRing(m) => VmaType.AioRing,
        MappingKind.Special when IsPacketRing(m) => VmaType.PacketRing,
        _ => null,
    };

    // Of all sockets only those of packet(7), XDP and TCP (zero copy) can be mapped; the latter two are refused as descriptors, or
    // have nothing to lose (tcp_mmap in net/ipv4/tcp.c maps no page).
    private static bool IsPacketRing(in MemoryMapping m) => m.Path.StartsWith("socket:[", StringComparison.Ordinal);

    private static bool IsAioRing(in MemoryMapping m) => m.IsDeleted && m.Path == "/[aio]";

    /// <summary>MAP_ANONYMOUS | MAP_HUGETLB: a file without a name of the kernel's own hugetlbfs (hugetlb_file_setup in fs/hugetlbfs/inode.c).</summary>
    public static bool IsAnonymousHuge(in MemoryMapping m) => m.IsDeleted && m.Path == "/anon_hugepage";

    private static MappingRefusal? CheckFile(MappedFiles files, int pid, in MemoryMapping m)
    {
        // Its size is told with its flags.
        if (IsAnonymousHuge(m))
            return null;
        var file = files.Find(pid, m);
        return file.State switch
        {
            MappedFileState.Reached when !file.Status.IsRegular => new("CrMappingDevice", $"it is a mapping of the device {m.Path}", Devices),
            MappedFileState.Reached => Anchoring.Verdict(file.File, files.MaxDeletedBytes) is var (id, reason, advice) ? new(id, $"of the mapped file {m.Path}: {reason}", advice ?? "Restart the program if its files were upgraded.") : null,
            MappedFileState.Missing => new("CrMappingFileDeleted", $"the mapped file {m.Path} has no name any more, and cannot be reached without one", "Restart the program if its files were upgraded."),
            MappedFileState.Replaced => new("CrMappingFileDeleted", $"the mapped file {m.Path} was replaced by another of that name, or the task sees other mounts", "Restart the program if its files were upgraded."),
            _ when file.IsZeroDevice && !m.IsShared => null,
            _ when !file.Status.IsRegular => new("CrMappingDevice", $"it is a mapping of the device {m.Path}", Devices),
            _ => null,
        };
    }
}
