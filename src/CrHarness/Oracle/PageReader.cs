using System.Runtime.InteropServices;
using CrHarness.Kernel;
using CrHarness.Spawning;
using Microsoft.Win32.SafeHandles;

namespace CrHarness.Oracle;

/// <summary>
/// Hashes the pages of a task's private mappings that differ from what lies below: zeros, or the mapped file. Which pages to
/// read comes from PAGEMAP_SCAN, so that looking does not populate them and terabytes of reservation cost nothing.
/// </summary>
internal sealed class PageReader : IDisposable
{
    private const ulong File = 4, Present = 8, Swapped = 16, ZeroFrame = 32, Guard = 256;
    private const ulong EntryPresent = 1UL << 63, EntryFrame = (1UL << 55) - 1;
    private const int PageSize = 4096, RunPages = 64;
    private readonly SafeFileHandle _memory;
    private readonly SafeFileHandle _pagemap;
    private readonly int _pid;
    private readonly byte[] _buffer = new byte[RunPages * PageSize];
    private readonly byte[] _below = new byte[PageSize];
    private readonly Native.PageRegion[] _regions = GC.AllocateUninitializedArray<Native.PageRegion>(1024, pinned: true);

    private readonly VolatileRange[] _volatile;
    private readonly ulong[] _entries = new ulong[RunPages];

    private PageReader(int pid, SafeFileHandle memory, SafeFileHandle pagemap, VolatileRange[] changing)
        => (_pid, _memory, _pagemap, _volatile) = (pid, memory, pagemap, changing);

    /// <summary>The frames of pages that hold data, by address; empty where the kernel does not show them (CAP_SYS_ADMIN).</summary>
    public Dictionary<ulong, ulong> Frames { get; } = [];

    /// <summary>Ranges under MADV_GUARD_INSTALL seen so far.</summary>
    public string Guards { get; private set; } = "";

    public static PageReader Open(int pid, IEnumerable<VolatileRange> changing)
    {
        const FileShare Any = FileShare.ReadWrite | FileShare.Delete;
        return new PageReader(pid, System.IO.File.OpenHandle($"/proc/{pid}/mem", FileMode.Open, FileAccess.Read, Any),
            System.IO.File.OpenHandle($"/proc/{pid}/pagemap", FileMode.Open, FileAccess.Read, Any), [.. changing]);
    }

    public void AddPrivate(Snapshot snapshot, string name, Mapping map)
    {
        var pages = new SortedDictionary<ulong, ulong>();
        using var file = map.IsAnonymous ? null : OpenBelow(map);
        for (var at = map.Start; at < map.End;)
        {
            var count = Scan(at, map.End, out at);
            for (var i = 0; i < count; i++)
            {
                var r = _regions[i];
                if ((r.Categories & Guard) != 0)
                    Guards = $"{Guards} {r.Start:x}-{r.End:x}".Trim();
                else if ((r.Categories & (Present | Swapped)) != 0 && (r.Categories & ZeroFrame) == 0 && (map.IsAnonymous || (r.Categories & File) == 0))
                    Hash(r.Start, r.End, map, file, pages);
            }
        }
        snapshot.Pages[name] = pages;
    }

    private SafeFileHandle? OpenBelow(Mapping map)
    {
        try
        {
            return System.IO.File.OpenHandle($"/proc/{_pid}/map_files/{map.Start:x}-{map.End:x}", FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Merged mappings, or no right to map_files: the path will do if the file still has it.
            return System.IO.File.Exists(map.Path) ? System.IO.File.OpenHandle(map.Path) : null;
        }
    }

    private int Scan(ulong start, ulong end, out ulong next)
    {
        var argument = new Native.ScanArg
        {
            Size = (ulong)Marshal.SizeOf<Native.ScanArg>(), Start = start, End = end,
            Vec = (ulong)Marshal.UnsafeAddrOfPinnedArrayElement(_regions, 0), VecLen = (ulong)_regions.Length,
            CategoryAnyOf = Present | Swapped | Guard, ReturnMask = File | Present | Swapped | ZeroFrame | Guard,
        };
        var count = Native.ioctl(_pagemap.DangerousGetHandle().ToInt32(), Native.PagemapScan, ref argument);
        if (count < 0)
        {
            // Guard markers came with Linux 6.15's PAGE_IS_GUARD.
            argument.CategoryAnyOf &= ~Guard;
            argument.ReturnMask &= ~Guard;
            count = Native.ioctl(_pagemap.DangerousGetHandle().ToInt32(), Native.PagemapScan, ref argument);
        }
        if (count < 0)
            throw new SpawnException($"PAGEMAP_SCAN of process {_pid} failed (errno {Marshal.GetLastPInvokeError()}); the oracle needs Linux 6.7.");
        next = argument.WalkEnd;
        return count;
    }

    private void Hash(ulong start, ulong end, Mapping map, SafeFileHandle? file, SortedDictionary<ulong, ulong> pages)
    {
        for (var at = start; at < end;)
        {
            var want = (int)Math.Min((ulong)_buffer.Length, end - at);
            var got = RandomAccess.Read(_memory, _buffer.AsSpan(0, want), (long)at);
            if (got < PageSize)
                throw new SpawnException($"Page {at:x} of process {_pid} cannot be read.");
            ReadEntries(at, got / PageSize);
            for (var offset = 0; offset + PageSize <= got; offset += PageSize)
            {
                var page = _buffer.AsSpan(offset, PageSize);
                foreach (var range in _volatile)
                    if (range.Address - (at + (ulong)offset) is var from and < PageSize)
                        page.Slice((int)from, Math.Min(range.Length, PageSize - (int)from)).Clear();
                if (EqualsBelow(page, at + (ulong)offset, map, file))
                    continue;
                pages[at + (ulong)offset] = PageHash.Of(page);
                // What is mapped of files without a name is not shared again.
                if (!map.Object.Contains('#') && _entries[offset / PageSize] is var entry && (entry & EntryPresent) != 0 && (entry & EntryFrame) is > 0 and var frame)
                    Frames[at + (ulong)offset] = frame;
            }
            at += (ulong)(got / PageSize * PageSize);
        }
    }

    /// <summary>pagemap has 8 bytes for each page (Documentation/admin-guide/mm/pagemap.rst).</summary>
    private void ReadEntries(ulong at, int count)
    {
        var bytes = MemoryMarshal.AsBytes(_entries.AsSpan(0, count));
        bytes.Clear();
        RandomAccess.Read(_pagemap, bytes, (long)(at / PageSize * sizeof(ulong)));
    }

    private bool EqualsBelow(ReadOnlySpan<byte> page, ulong at, Mapping map, SafeFileHandle? file)
    {
        if (map.IsAnonymous)
            return PageHash.IsZero(page);
        if (file is null)
            return false;
        _below.AsSpan().Clear();
        var got = 0;
        while (got < PageSize && RandomAccess.Read(file, _below.AsSpan(got), (long)(map.Offset + (at - map.Start)) + got) is var n and > 0)
            got += n;
        return page.SequenceEqual(_below);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _pagemap.Dispose();
    }
}
