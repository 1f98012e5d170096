namespace CrHarness.Plans;

/// <summary>The rules of one region: what its kind can have.</summary>
internal static class RegionNormalizer
{
    /// <summary>Pages of 4096 bytes in a huge page, the smallest that x86-64 has.</summary>
    private const int HugePage = 512;

    public static RegionPlan Normalize(RegionPlan r, bool ownIpc)
    {
        switch (r.Kind)
        {
            case RegionKind.Reserve:
                return new RegionPlan { Kind = r.Kind, ReserveGiB = Math.Clamp(r.ReserveGiB, 1, 4096) };
            case RegionKind.AsyncRing:
                return new RegionPlan { Kind = r.Kind, Seed = r.Seed };
            case RegionKind.Droppable:
                return new RegionPlan { Kind = r.Kind, Pages = Math.Clamp(r.Pages, 1, 2048), Data = 0, Zero = 0 };
            case RegionKind.Huge:
                // A child that writes may find none left for its copy, which ends it (mmap(2)).
                return new RegionPlan { Kind = r.Kind, Pages = HugePage, Seed = r.Seed, Data = 5, Advice = RegionAdvice.DontFork };
        }
        var pages = Math.Clamp(r.Pages, 1, 2048);
        var file = r.Kind is RegionKind.FilePrivate or RegionKind.FileShared or RegionKind.MemfdPrivate or RegionKind.MemfdShared;
        var data = Math.Clamp(r.Data, 0, 100);
        // MADV_WIPEONFORK is for private anonymous memory; a locked region takes no guard markers (madvise(2)).
        var anonymous = r.Kind is RegionKind.Anonymous or RegionKind.GrowsDown;
        var advice = r.Advice == RegionAdvice.WipeOnFork && !anonymous ? RegionAdvice.DontFork : r.Advice;
        var locked = r.Locked && pages <= 64;
        return r with
        {
            Pages = pages, Data = data, Zero = Math.Clamp(r.Zero, 0, 100 - data), Locked = locked, Advice = advice,
            Split = Math.Clamp(r.Split, 0, pages - 1), Hole = pages > 2 ? Math.Clamp(r.Hole, 0, pages - 2) : 0,
            Guard = r.Guard == GuardKind.Installed && (r.Kind != RegionKind.Anonymous || locked) ? GuardKind.None : r.Guard,
            KeepFd = file && r.KeepFd, LockedOnFault = locked && r.LockedOnFault,
            Twice = r.Twice && pages > 1 && r.Kind is RegionKind.MemfdShared or RegionKind.FileShared,
            // A segment that the machine's namespace keeps would outlive its tree.
            Unlink = r.Kind is RegionKind.FilePrivate or RegionKind.FileShared && r.Unlink || r.Kind == RegionKind.Segment && (r.Unlink || !ownIpc),
            ReserveGiB = 1,
        };
    }
}
