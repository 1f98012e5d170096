using CrCore.Image;
using CrCore.Objects.Memory;

namespace CrCore.Restore;

/// <summary>Pages that stand in the image once for several address spaces: each of them gets what is its.</summary>
/// <param name="parts">The address spaces, each with its ranges, ascending; null for all of the object's pages.</param>
/// <param name="isOwn">Whether the object's blocks may have a run: what it has from others stands with theirs.</param>
internal sealed class SharingTarget((IPageTarget Target, AddressRange[]? Ranges)[] parts, Func<PageRun, bool> isOwn) : IPageTarget
{
    private readonly List<PageRun> _runs = [];

    public bool Fill(ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        foreach (var run in runs)
            if (!isOwn(run))
                return false;
        foreach (var (target, ranges) in parts)
            if (!(ranges is null ? target.Fill(runs, data) : Fill(target, ranges, runs, data)))
                return false;
        return true;
    }

    public bool NeedsTracer(ReadOnlySpan<PageRun> runs)
    {
        foreach (var (target, ranges) in parts)
            if (ranges is null ? target.NeedsTracer(runs) : Cut(ranges, runs) && target.NeedsTracer(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_runs)))
                return true;
        return false;
    }

    public void Pause()
    {
        foreach (var (target, _) in parts)
            target.Pause();
    }

    private bool Cut(AddressRange[] ranges, ReadOnlySpan<PageRun> runs)
    {
        _runs.Clear();
        foreach (var run in runs)
            for (var i = AddressRange.FirstEndingAfter<AddressRange>(ranges, run.VAddr); i < ranges.Length && ranges[i].Start < run.End; i++)
                _runs.Add(Common(ranges[i], run));
        return _runs.Count > 0;
    }

    /// <summary>In as few writes as can be: runs whose bytes follow one another go together.</summary>
    private bool Fill(IPageTarget target, AddressRange[] ranges, ReadOnlySpan<PageRun> runs, ReadOnlySpan<byte> data)
    {
        _runs.Clear();
        var (start, end, at) = (0, 0, 0);
        foreach (var run in runs)
        {
            for (var i = AddressRange.FirstEndingAfter<AddressRange>(ranges, run.VAddr); i < ranges.Length && ranges[i].Start < run.End; i++)
            {
                var part = Common(ranges[i], run);
                var from = at + (int)(part.VAddr - run.VAddr);
                if (from != end && !Flush(target, data[start..end]))
                    return false;
                if (_runs.Count == 0)
                    start = from;
                _runs.Add(part);
                end = from + (int)(part.End - part.VAddr);
            }
            at += (int)(run.End - run.VAddr);
        }
        return Flush(target, data[start..end]);
    }

    private bool Flush(IPageTarget target, ReadOnlySpan<byte> data)
    {
        var done = _runs.Count == 0 || target.Fill(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_runs), data);
        _runs.Clear();
        return done;
    }

    private static PageRun Common(AddressRange range, PageRun run)
    {
        var start = Math.Max(range.Start, run.VAddr);
        return new PageRun(start, (uint)((Math.Min(range.End, run.End) - start) / ImageFormat.PageSize));
    }
}
