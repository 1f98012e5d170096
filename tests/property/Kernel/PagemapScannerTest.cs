using CrCore;
using CrCore.Kernel;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Kernel;

public class PagemapScannerTest
{
    private const int Page = OwnMemory.Page;

    [Property(MaxTest = 60)]
    public void Written_pages_and_no_others_have_private_contents(byte[] what)
    {
        if (what.Length == 0)
            return;
        using var memory = new OwnMemory(what.Length);
        var written = new bool[what.Length];
        var zero = new bool[what.Length];
        for (var i = 0; i < what.Length; i++)
        {
            written[i] = what[i] % 3 == 1;
            zero[i] = what[i] % 3 == 2;
            if (written[i])
                memory[i][7] = 1;
            else if (zero[i])
                Assert.Equal(0, memory[i][7]);
        }
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;

        // Some kernels give a page of its own to whoever only reads.
        var shared = new bool[what.Length];
        foreach (var (from, to) in Scan(scanner, memory, new PageFilter(PageCategories.ZeroPage, 0, 0, 0)))
            shared.AsSpan()[from..to].Fill(true);
        var own = new bool[what.Length];
        for (var i = 0; i < what.Length; i++)
        {
            Assert.True(zero[i] || !shared[i]);
            own[i] = written[i] || (zero[i] && !shared[i]);
        }
        Assert.Equal(Runs(own), Scan(scanner, memory, PageFilter.PrivateContents));
    }

    [Fact]
    public void Runs_come_whole_out_of_more_than_one_batch()
    {
        // 1,500 runs of one page, then one that a bound of 100 pages a call would cut.
        using var memory = new OwnMemory(4000);
        var written = new bool[4000];
        for (var i = 0; i < 4000; i++)
            if (written[i] = i % 2 == 0 || i >= 3000)
                memory[i][0] = 1;
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;

        Assert.Equal(Runs(written), Scan(scanner, memory, PageFilter.PrivateContents));

        var start = memory.Start;
        var buffer = new PageRegion[7];
        var pages = 0ul;
        while (start < memory.End)
        {
            var count = scanner.ScanNext(ref start, memory.End, PageFilter.PrivateContents, buffer, maxPages: 100);
            Assert.InRange(count, 0, 7);
            var given = 0ul;
            foreach (var region in buffer.AsSpan(0, count))
                given += region.Length / Page;
            Assert.InRange(given, 0ul, 100ul);
            pages += given;
        }
        Assert.Equal((ulong)written.Count(w => w), pages);
    }

    [Fact]
    public void Shared_memory_is_of_a_file_and_not_private()
    {
        using var memory = new OwnMemory(4, shared: true);
        memory[1][0] = 1;
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;

        Assert.Empty(Scan(scanner, memory, PageFilter.PrivateContents));
        var populated = new List<PageRegion>();
        foreach (var region in scanner.Scan(memory.Start, memory.End, PageFilter.Populated))
            populated.Add(region);
        Assert.Equal([new PageRegion(memory.AddressOf(1), memory.AddressOf(2), PageCategories.Present | PageCategories.File)], populated);
    }

    [Fact]
    public void Guard_pages_are_told_and_are_no_contents()
    {
        const int madvGuardInstall = 102;
        using var memory = new OwnMemory(6);
        memory.All.Fill(1);
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;
        var installed = memory.Advise(2, 1, madvGuardInstall);

        // A kernel that has guard pages but cannot tell them (6.13 to 6.15) shows them as swapped.
        if (installed && scanner.TellsGuardPages)
        {
            Assert.Equal([(2, 3)], Scan(scanner, memory, PageFilter.Guards));
            Assert.Equal([(0, 2), (3, 6)], Scan(scanner, memory, PageFilter.PrivateContents));
        }
        else if (!installed)
        {
            Assert.Equal([(0, 6)], Scan(scanner, memory, PageFilter.PrivateContents));
        }
    }

    [Fact]
    public void Inaccessible_pages_keep_their_contents()
    {
        using var memory = new OwnMemory(3);
        memory.All.Fill(9);
        memory.Protect(1, 1, OwnMemory.ProtNone);
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;

        Assert.Equal([(0, 3)], Scan(scanner, memory, PageFilter.PrivateContents));
    }

    [Fact]
    public void A_reservation_of_a_terabyte_costs_little_and_is_empty()
    {
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;
        using var memory = new OwnMemory(1);
        var regions = new PageRegion[16];
        var start = 0x10_0000_0000ul;

        while (start < 0x20_0000_0000ul)
            Assert.Equal(0, scanner.ScanNext(ref start, 0x20_0000_0000ul, PageFilter.PrivateContents, regions));
    }

    [Fact]
    public void An_address_outside_of_the_user_part_is_an_error_that_names_it()
    {
        using var scanner = PagemapScanner.TryOpen(Environment.ProcessId)!;

        var e = Assert.Throws<CrKernelException>(() =>
        {
            var start = 0xffff_ffff_ff60_0000ul;
            scanner.ScanNext(ref start, start + Page, PageFilter.PrivateContents, new PageRegion[1]);
        });

        Assert.Equal("CrPagemapScanFailed", e.Id);
        Assert.Equal(Errno.EFAULT, e.Errno);
        Assert.Equal("ffffffffff600000-ffffffffff601000", e.Object);
    }

    private static List<(int From, int To)> Scan(PagemapScanner scanner, OwnMemory memory, PageFilter filter)
    {
        var runs = new List<(int, int)>();
        foreach (var region in scanner.Scan(memory.Start, memory.End, filter))
            runs.Add(((int)((region.Start - memory.Start) / Page), (int)((region.End - memory.Start) / Page)));
        return runs;
    }

    private static List<(int From, int To)> Runs(bool[] pages)
    {
        var runs = new List<(int, int)>();
        for (var i = 0; i < pages.Length; i++)
        {
            if (!pages[i])
                continue;
            var from = i;
            while (i < pages.Length && pages[i])
                i++;
            runs.Add((from, i));
        }
        return runs;
    }
}
