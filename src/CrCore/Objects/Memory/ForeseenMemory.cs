using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>
/// What only a walk over all page tables tells of an address space (smaps, guard pages), read while its task still ran: such a
/// walk takes 10 ms a GiB. It stands for what the frozen task has until the copy of its memory, which is of the very moment,
/// bears it out or does not.
/// </summary>
internal sealed class ForeseenMemory
{
    /// <summary>What fork(2) does not hand on, or not as it is: a copy cannot bear it out.</summary>
    private const VmFlags NotInCopies = VmFlags.Locked | VmFlags.LockOnFault | VmFlags.DontCopy | VmFlags.WipeOnFork | HandledFaults.Flags;

    private readonly List<DetailedMapping> _seen;
    private readonly List<DetailedMapping> _taken = [];

    private ForeseenMemory(List<DetailedMapping> seen, List<AddressRange> guards) => (_seen, Guards) = (seen, guards);

    /// <summary>See <see cref="TryTake"/>.</summary>
    public IReadOnlyList<DetailedMapping> Taken => _taken;

    /// <summary>Guard pages, ascending.</summary>
    public IReadOnlyList<AddressRange> Guards { get; }

    /// <summary>Looks at a running task; null when it is gone, or has memory of which a copy would not tell all.</summary>
    public static ForeseenMemory? Look(ProcReader proc, int pid)
    {
        var seen = new List<DetailedMapping>();
        if (!ProcSmaps.TryRead(proc, pid, seen))
            return null;
        foreach (var d in seen)
            if (!IsInCopies(d))
                return null;
        return new(seen, GuardPages.Find(pid));
    }

    private static bool IsInCopies(in DetailedMapping d) => MappingRules.TypeOf(d.Mapping) switch
    {
        null or VmaType.Vdso or VmaType.Vvar or VmaType.VvarVclock => true,
        VmaType.AioRing or VmaType.PacketRing => false,
        _ => (d.Flags & NotInCopies) == 0,
    };

    /// <summary>
    /// Takes the mappings of the task, now that it stands still, with what was seen of each before; false where one came that
    /// is no part of any that was there.
    /// </summary>
    /// <param name="mappings">From maps, ascending.</param>
    public bool TryTake(List<MemoryMapping> mappings)
    {
        var next = 0;
        foreach (var m in mappings)
        {
            while (next < _seen.Count && _seen[next].Mapping.End <= m.Start)
                next++;
            if (next == _seen.Count || _seen[next].Mapping.Start >= m.End || !IsLike(_seen[next].Mapping, m))
                return false;
            _taken.Add(_seen[next] with { Mapping = m });
        }
        return true;
    }

    /// <summary>Heaps and stacks grow and shrink, and mappings are cut: what a part was is what the whole is, as a rule.</summary>
    private static bool IsLike(in MemoryMapping seen, in MemoryMapping m)
        => (seen.Kind, seen.IsShared, seen.Protection, seen.Inode, seen.Path) == (m.Kind, m.IsShared, m.Protection, m.Inode, m.Path);

    /// <summary>Whether a copy of the frozen task's memory is as was foreseen.</summary>
    /// <param name="copy">The process that has it, and a place for injected code more.</param>
    public bool IsBorneOutBy(ProcReader proc, int copy)
    {
        var copied = new List<DetailedMapping>();
        if (!ProcSmaps.TryRead(proc, copy, copied))
            return false;
        var next = 0;
        foreach (var d in _taken)
        {
            // Not the user's part of the address space, and in no list of mappings.
            if (MappingRules.TypeOf(d.Mapping) is null)
                continue;
            var at = d.Mapping.Start;
            while (next < copied.Count && copied[next].Mapping.End <= at)
                next++;
            for (var i = next; at < d.Mapping.End; at = copied[i++].Mapping.End)
                if (i == copied.Count || copied[i].Mapping.Start > at || (copied[i].Flags ^ d.Flags) is not (VmFlags.None or VmFlags.SoftDirty) || copied[i].ProtectionKey != d.ProtectionKey)
                    return false;
        }
        return GuardPages.Find(copy).SequenceEqual(Guards);
    }
}
