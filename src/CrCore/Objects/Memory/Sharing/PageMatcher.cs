using System.Runtime.InteropServices;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Memory;

/// <summary>Compares the pages of one address space with those of others, address by address.</summary>
/// <param name="byContents">Do as if the kernel showed no frame numbers.</param>
internal sealed class PageMatcher(bool byContents)
{
    private const ulong PageSize = ImageFormat.PageSize;

    /// <summary>Pages looked at in one go.</summary>
    private const int Chunk = 4096;

    /// <summary>Pages whose contents are compared in one go.</summary>
    private const int Few = 64;

    private readonly PagemapEntry[] _own = new PagemapEntry[Chunk], _theirs = new PagemapEntry[Chunk], _again = new PagemapEntry[Chunk];
    private readonly uint[] _owners = new uint[Chunk];
    private byte[] _ownBytes = [], _theirBytes = []; // made for the first contents that are compared: a rare thing
    private readonly List<SharedRange> _found = [];

    /// <summary>What one has from others, ascending: of each page the first of them that has it, too.</summary>
    public List<SharedRange> Find(SharingTask own, List<(SharingTask Other, List<AddressRange> Common)> others)
    {
        _found.Clear();
        var wanted = new List<AddressRange>();
        foreach (var (_, common) in others)
            wanted.AddRange(common);
        wanted = AddressPlan.Normalize(wanted);
        var next = 0;
        // One walk over the page tables finds the pages that hold something.
        foreach (var region in own.Pagemap.Scan(wanted[0].Start, wanted[^1].End, PageFilter.PrivateContents))
            for (; next < wanted.Count && wanted[next].Start < region.End; next++)
            {
                Look(own, others, Math.Max(region.Start, wanted[next].Start), Math.Min(region.End, wanted[next].End));
                if (wanted[next].End > region.End)
                    break;
            }
        return _found;
    }

    private void Look(SharingTask own, List<(SharingTask Other, List<AddressRange> Common)> others, ulong start, ulong end)
    {
        for (; start < end; start += Chunk * PageSize)
        {
            var pages = (int)Math.Min(Chunk, (end - start) / PageSize);
            own.Pagemap.ReadEntries(start, _own.AsSpan(0, pages));
            var left = 0;
            for (var i = 0; i < pages; i++)
            {
                _owners[i] = 0;
                left += _own[i].MayBeShared ? 1 : 0;
            }
            foreach (var (other, common) in others)
                if (left > 0)
                    left -= Match(own, other, common, start, pages);
            Note(own, start, pages);
        }
    }

    /// <returns>Pages found.</returns>
    private int Match(SharingTask own, SharingTask other, List<AddressRange> common, ulong start, int pages)
    {
        var end = start + (ulong)pages * PageSize;
        var found = 0;
        for (var at = AddressRange.FirstEndingAfter<AddressRange>(CollectionsMarshal.AsSpan(common), start); at < common.Count && common[at].Start < end; at++)
        {
            var from = (int)((Math.Max(common[at].Start, start) - start) / PageSize);
            var to = (int)((Math.Min(common[at].End, end) - start) / PageSize);
            while (from < to && !IsOpen(from))
                from++;
            while (from < to && !IsOpen(to - 1))
                to--;
            if (from == to)
                continue;
            other.Pagemap.ReadEntries(start + (ulong)from * PageSize, _theirs.AsSpan(from, to - from));
            found += MatchPlaces(own, other, start, from, to) + MatchContents(own, other, start, from, to);
        }
        return found;
    }

    private bool IsOpen(int page) => _owners[page] == 0 && _own[page].MayBeShared;

    private int MatchPlaces(SharingTask own, SharingTask other, ulong start, int from, int to)
    {
        if (byContents)
            return 0;
        var (found, looked) = (0, false);
        for (var i = from; i < to; i++)
        {
            if (!IsOpen(i) || _own[i].Place == 0 || !_theirs[i].MayBeShared || !_own[i].IsSamePlaceAs(_theirs[i]))
                continue;
            // The kernel may have moved pages between the two looks: what is still there was there all the time.
            if (!looked)
                own.Pagemap.ReadEntries(start + (ulong)from * PageSize, _again.AsSpan(from, to - from));
            looked = true;
            if (!_again[i].IsSamePlaceAs(_own[i]))
                continue;
            _owners[i] = other.OwnerAt(start + (ulong)i * PageSize);
            found++;
        }
        return found;
    }

    private int MatchContents(SharingTask own, SharingTask other, ulong start, int from, int to)
    {
        var found = 0;
        for (var i = from; i < to; i++)
        {
            if (!IsContentToCompare(i))
                continue;
            var first = i;
            while (i < to && i - first < Few && IsContentToCompare(i))
                i++;
            found += Compare(own, other, start, first, i);
            i--;
        }
        return found;
    }

    private bool IsContentToCompare(int page) => IsOpen(page) && _theirs[page].MayBeShared && (byContents || _own[page].Place == 0);

    private int Compare(SharingTask own, SharingTask other, ulong start, int first, int end)
    {
        var address = start + (ulong)first * PageSize;
        var bytes = (end - first) * ImageFormat.PageSize;
        if (_ownBytes.Length == 0)
            (_ownBytes, _theirBytes) = (new byte[Few * ImageFormat.PageSize], new byte[Few * ImageFormat.PageSize]);
        own.Memory.Read(address, _ownBytes.AsSpan(0, bytes));
        other.Memory.Read(address, _theirBytes.AsSpan(0, bytes));
        var found = 0;
        for (var i = first; i < end; i++)
        {
            var at = (i - first) * ImageFormat.PageSize;
            if (!_ownBytes.AsSpan(at, ImageFormat.PageSize).SequenceEqual(_theirBytes.AsSpan(at, ImageFormat.PageSize)))
                continue;
            _owners[i] = other.OwnerAt(start + (ulong)i * PageSize);
            found++;
        }
        return found;
    }

    private void Note(SharingTask own, ulong start, int pages)
    {
        for (var i = 0; i < pages; i++)
        {
            if (_owners[i] == 0)
                continue;
            var first = i;
            while (i + 1 < pages && _owners[i + 1] == _owners[first])
                i++;
            var range = new AddressRange(start + (ulong)first * PageSize, start + (ulong)(i + 1) * PageSize);
            if (_found.Count > 0 && _found[^1].Owner == _owners[first] && _found[^1].Range.End == range.Start)
                _found[^1] = _found[^1] with { Range = new AddressRange(_found[^1].Range.Start, range.End) };
            else
                _found.Add(new SharedRange(range, _owners[first], own.ObjRef));
        }
    }
}
