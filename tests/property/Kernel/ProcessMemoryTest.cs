using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcessMemoryTest
{
    private static readonly int Self = Environment.ProcessId;

    [Fact]
    public void Several_thousand_ranges_are_gathered_and_spread()
    {
        using var memory = new OwnMemory(40);
        new Random(1).NextBytes(memory.All);
        var ranges = Enumerable.Range(0, 3000).Select(i => new RemoteRange(memory.Start + (ulong)((i * 7919) % 160_000), (ulong)(i % 5))).ToArray();
        var bytes = new byte[ranges.Sum(r => (long)r.Length)];

        ProcessMemory.Read(Self, ranges, bytes);

        Assert.Equal(ranges.SelectMany(r => memory.All.Slice((int)(r.Start - memory.Start), (int)r.Length).ToArray()), bytes);

        // Ranges that do not overlap, or the order of the writes would show.
        var apart = Enumerable.Range(0, 3000).Select(i => new RemoteRange(memory.Start + (ulong)(i * 50), 3)).ToArray();
        var source = new byte[9000];
        new Random(2).NextBytes(source);
        ProcessMemory.Write(Self, apart, source);
        Assert.Equal(source, apart.SelectMany(r => memory.All.Slice((int)(r.Start - memory.Start), 3).ToArray()));
    }

    [Fact]
    public void The_first_address_that_cannot_be_read_is_named()
    {
        using var memory = new OwnMemory(4);
        memory.All.Fill(5);
        memory.Protect(2, 1, OwnMemory.ProtNone);
        var bytes = new byte[4 * OwnMemory.Page];

        Assert.Equal(2 * OwnMemory.Page, ProcessMemory.ReadAvailable(Self, memory.Start, bytes, out var stop));
        Assert.Equal(Errno.EFAULT, stop);
        var e = Assert.Throws<CrKernelException>(() => ProcessMemory.Read(Self, memory.Start, bytes));

        Assert.Equal(("CrProcessMemoryFailed", Errno.EFAULT, $"0x{memory.AddressOf(2):x}", (int?)Self), (e.Id, e.Errno, e.Object, e.Pid));
        Assert.All(bytes[..(2 * OwnMemory.Page)], b => Assert.Equal(5, b));
    }

    [Fact]
    public void Another_process_is_read_and_written()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();
        Assert.True(ProcStat.TryRead(reader, child.Pid, out var stat));
        var arguments = new byte[stat.ArgEnd - stat.ArgStart];

        ProcessMemory.Read(child.Pid, stat.ArgStart, arguments);
        Assert.Equal("sleep\01000\0"u8, arguments);

        ProcessMemory.Write(child.Pid, stat.ArgStart, "SLEEP"u8);
        Assert.Equal("SLEEP\01000\0", File.ReadAllText($"/proc/{child.Pid}/cmdline"));
    }

    [Fact]
    public void A_process_that_is_gone_is_ESRCH()
    {
        var child = OwnChild.Sleep();
        var pid = child.Pid;
        child.Dispose();

        Assert.Equal(Errno.ESRCH, Assert.Throws<CrKernelException>(() => ProcessMemory.Read(pid, 4096, new byte[1])).Errno);
        Assert.Null(ProcessMemoryFile.TryOpen(pid));
    }

    [Fact]
    public void The_mem_file_gets_past_the_rights_of_private_memory()
    {
        using var child = OwnChild.Sleep();
        using var reader = new ProcReader();
        var maps = new List<MemoryMapping>();
        Assert.True(ProcMaps.TryRead(reader, child.Pid, maps));
        var header = maps.First(m => m.Kind == MappingKind.File && m.Protection == MemoryProtection.Read).Start;
        Assert.Equal(Errno.EFAULT, Assert.Throws<CrKernelException>(() => ProcessMemory.Write(child.Pid, header, "x"u8)).Errno);
        using var file = ProcessMemoryFile.TryOpen(child.Pid, writable: true)!;
        var bytes = new byte[4];

        file.Read(header, bytes);
        Assert.Equal("\u007fELF"u8, bytes);
        file.Write(header, "test"u8);
        ProcessMemory.Read(child.Pid, header, bytes);

        Assert.Equal("test"u8, bytes);
        Assert.Equal(Errno.EIO, Assert.Throws<CrKernelException>(() => file.Read(4096, bytes)).Errno);
        child.Dispose();
        Assert.Equal(Errno.ESRCH, Assert.Throws<CrKernelException>(() => file.Read(header, bytes)).Errno);
    }

    [Fact]
    public void Ranges_and_span_of_different_size_are_refused()
        => Assert.Throws<ArgumentException>(() => ProcessMemory.Read(Self, [new RemoteRange(4096, 5)], new byte[4]));
}
