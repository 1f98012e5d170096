using System.Buffers;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>Fills a span from several ranges, one after the other. Called by any thread.</summary>
internal delegate void PageReader(ReadOnlySpan<RemoteRange> ranges, Span<byte> destination);

/// <summary>The pages of one page block before they are read: up to 1 MiB of one object, in any number of runs.</summary>
internal sealed class PageJob(long number, uint objRef, PageReader reader)
{
    /// <summary>Pages of a block: 1 MiB, where process_vm_readv reaches its full speed.</summary>
    public const int Capacity = 256;

    private const int PageSize = ImageFormat.PageSize;

    private readonly List<RemoteRange> _ranges = [];
    private readonly List<(ulong Target, bool KeepZeros)> _targets = [];

    /// <summary>Blocks are written in the order of their numbers.</summary>
    public long Number => number;

    public uint ObjRef => objRef;

    public PageReader Reader => reader;

    public int Pages { get; private set; }

    public int Room => Capacity - Pages;

    /// <summary>Adds pages; targets ascend from call to call.</summary>
    public void Add(ulong start, ulong bytes, ulong target, bool keepZeros)
    {
        _ranges.Add(new RemoteRange(start, bytes));
        _targets.Add((target, keepZeros));
        Pages += (int)(bytes / PageSize);
    }

    /// <summary>Reads the pages and drops those of zeros.</summary>
    /// <param name="data">At least <see cref="Pages"/> pages.</param>
    /// <param name="runs">At least as many.</param>
    /// <returns>Pages left, and in how many runs.</returns>
    public (int Stored, int Runs) Read(Span<byte> data, Span<PageRun> runs)
    {
        reader(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_ranges), data[..(Pages * PageSize)]);
        int count = 0, stored = 0, from = 0;
        for (var i = 0; i < _ranges.Count; i++)
        {
            var (target, keepZeros) = _targets[i];
            for (var left = _ranges[i].Length; left > 0; left -= PageSize, from += PageSize, target += PageSize)
            {
                var page = data.Slice(from, PageSize);
                if (!keepZeros && page.IndexOfAnyExcept((byte)0) < 0)
                    continue;
                // Pages move up only behind the first one that was left out.
                var to = stored * PageSize;
                if (to != from)
                    page.CopyTo(data[to..]);
                stored++;
                if (count > 0 && runs[count - 1].End == target)
                    runs[count - 1] = runs[count - 1] with { Pages = runs[count - 1].Pages + 1 };
                else
                    runs[count++] = new PageRun(target, 1);
            }
        }
        return (stored, count);
    }
}
