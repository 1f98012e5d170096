using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

/// <summary>Walks over thousands of tasks repeat these reads: they make no garbage.</summary>
public class AllocationTest
{
    private static readonly int Self = Environment.ProcessId;

    [Fact]
    public void A_stat_is_read_without_garbage()
    {
        using var reader = new ProcReader();
        Assert.Equal(0, Allocated(() =>
        {
            Assert.True(ProcStat.TryRead(reader, Self, out var stat));
            Assert.True(stat.Pid == Self);
        }));
    }

    [Fact]
    public void Lists_of_numbers_are_read_into_what_is_there()
    {
        using var reader = new ProcReader();
        // Room for what other tests start meanwhile.
        var numbers = new List<int>(10_000);
        Assert.Equal(0, Allocated(() =>
        {
            numbers.Clear();
            ProcTasks.TryListThreads(reader, Self, numbers);
            ProcTasks.TryListChildren(reader, Self, Self, numbers);
            ProcFd.TryList(reader, Self, numbers);
        }));
    }

    [Fact]
    public void Pages_are_scanned_without_garbage()
    {
        using var memory = new OwnMemory(3000);
        for (var i = 0; i < 3000; i += 2)
            memory[i][0] = 1;
        using var scanner = PagemapScanner.TryOpen(Self)!;
        Assert.Equal(0, Allocated(() =>
        {
            var runs = 0;
            foreach (var _ in scanner.Scan(memory.Start, memory.End, PageFilter.PrivateContents))
                runs++;
            Assert.True(runs == 1500);
        }));
    }

    // The least of several runs: the first ones compile code and fill pools, and the compiler may come by again.
    private static long Allocated(Action work)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 50; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
