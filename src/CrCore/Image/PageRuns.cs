using System.Buffers.Binary;

namespace CrCore.Image;

/// <summary>The runs behind a PGARR: their bytes and their rules.</summary>
internal static class PageRuns
{
    public static void Write(ReadOnlySpan<PageRun> runs, Span<byte> bytes)
    {
        foreach (var run in runs)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, run.VAddr);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], run.Pages);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[12..], run.Flags);
            bytes = bytes[PageRun.Size..];
        }
    }

    public static void Read(ReadOnlySpan<byte> bytes, Span<PageRun> runs)
    {
        foreach (ref var run in runs)
        {
            run = new PageRun(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
                              BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]));
            bytes = bytes[PageRun.Size..];
        }
    }

    /// <summary>What is wrong with the runs of a block of <paramref name="pages"/> pages, or null.</summary>
    public static string? Problem(ReadOnlySpan<PageRun> runs, int pages)
    {
        ulong end = 0;
        long sum = 0;
        foreach (var run in runs)
        {
            if (run.Pages is < 1 or > ImageLimits.MaxBlockPages)
                return $"a run has {run.Pages} pages";
            if (run.VAddr % ImageFormat.PageSize != 0 || run.VAddr > long.MaxValue - ImageLimits.MaxBlockPages * ImageFormat.PageSize)
                return $"a run starts at {run.VAddr:x}";
            if (run.VAddr < end)
                return $"the run at {run.VAddr:x} starts before the one before it ends";
            if (run.Flags != 0)
                return $"a run has the flags {run.Flags:x}";
            end = run.End;
            sum += run.Pages;
        }
        return sum == pages ? null : $"the runs have {sum} pages, the block {pages}";
    }
}
