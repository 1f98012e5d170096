using CrCore.Checkpoint;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>Mappings whose page faults a program handles (userfaultfd(2)), by a descriptor that is saved.</summary>
internal sealed class HandledFaults
{
    public const VmFlags Flags = VmFlags.UserFaultMissing | VmFlags.UserFaultWriteProtect | VmFlags.UserFaultMinor;

    /// <summary>
    /// Which pages are there is what the program goes by. They are no one else's, for a child has no such mapping; and fork(2) may
    /// be told to the program, and wait for it (UFFD_FEATURE_EVENT_FORK), so there is no copy.
    /// </summary>
    public const PageRangeModes Modes = PageRangeModes.KeepZeros | PageRangeModes.EveryPage | PageRangeModes.NeverShared | PageRangeModes.NotCopied;

    private readonly HashSet<(int Pid, ulong Start)> _known = [];

    public void Add(int pid, ulong start) => _known.Add((pid, start));

    public bool Has(int pid, ulong start) => _known.Contains((pid, start));

    /// <summary>Why such a mapping cannot be saved, or null.</summary>
    public static string? Refusal(in DetailedMapping d, bool isHandled)
    {
        const string what = "its page faults are handled by the program (userfaultfd)";
        // Of a store that others have, too, a page may be there and not here; and which of its pages of zeros are there is not kept.
        if (MappingRules.TypeOf(d.Mapping) != VmaType.Anonymous || d.Mapping.IsShared || (d.Flags & (VmFlags.HugeTlb | VmFlags.UserFaultMinor)) != 0)
            return $"{what}, which is saved of private anonymous memory of ordinary pages only";
        // Locking it again would bring all of its pages in.
        if ((d.Flags & (VmFlags.Locked | VmFlags.LockOnFault)) == VmFlags.Locked)
            return $"{what}, and it is locked (mlock)";
        return isHandled ? null : $"{what}, by a descriptor that no task of the tree has";
    }
}
