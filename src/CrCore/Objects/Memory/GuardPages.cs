using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>Guard pages of an address space (MADV_GUARD_INSTALL of madvise(2), Linux 6.13).</summary>
internal static class GuardPages
{
    /// <summary>Finds all in one walk over the page tables: they are few. Ascending; none where the kernel does not tell, or the process is gone.</summary>
    /// <exception cref="CrKernelException">No ptrace access.</exception>
    public static List<AddressRange> Find(int pid)
    {
        var guards = new List<AddressRange>();
        using var scanner = PagemapScanner.TryOpen(pid);
        if (scanner is { TellsGuardPages: true })
            foreach (var region in scanner.Scan(0, AddressPlan.FourLevelEnd, PageFilter.Guards))
                guards.Add(new AddressRange(region.Start, region.End));
        return guards;
    }
}
