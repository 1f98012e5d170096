using CrCore;
using CrCore.Objects.Aio;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Objects.Aio;

/// <summary>Rings of native asynchronous I/O: as records, and through a checkpoint and a restore of a live program that checks itself.</summary>
public class AioTests
{
    [Property]
    public void Record(uint vpid, ushort count, ushort head, ushort pending, byte first)
    {
        var places = count + 2u;
        var header = new AioRingHeader(places, head % places, (head + pending % places) % places);
        var events = new byte[header.Pending * 32];
        events.AsSpan().Fill(first);
        var record = new AioRingRecord(vpid, 0x7000_0000, 1 << 22, header, events);
        Assert.Equal(record, RecordCode.Again(record));
    }

    [Theory]
    [InlineData(0u, 0u, 0u, 0), InlineData(127u, 127u, 0u, 0), InlineData(127u, 0u, 2u, 32), InlineData(128u, 0u, 0u, 0)]
    public void WhatNoRingCanBe(uint count, uint head, uint tail, int bytes)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new AioRingRecord(1, 4096, 4096, new(count, head, tail), new byte[bytes])));

    /// <summary>Empty, with events that wait, gone round, of two sizes: each at its address, with the next event where it would have come.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void Rings(bool newPidNamespace)
    {
        using var program = new SelfCheckingProgram("""
                libc = ctypes.CDLL(None, use_errno=True); null = os.open('/dev/null', os.O_WRONLY); buffer = ctypes.create_string_buffer(8)
                def setup(n): c = ctypes.c_ulong(0); same(libc.syscall(206, n, ctypes.byref(c)), 0); return c.value
                def submit(c, data): r = ctypes.create_string_buffer(struct.pack('QIIHhIQQqQII', data, 0, 0, 1, 0, null, ctypes.addressof(buffer), 3, 0, 0, 0, 0)); p = ctypes.c_void_p(ctypes.addressof(r)); same(libc.syscall(209, ctypes.c_ulong(c), 1, ctypes.byref(p)), 1)
                def take(c, n): b = ctypes.create_string_buffer(32 * n); same(libc.syscall(208, ctypes.c_ulong(c), ctypes.c_long(0), ctypes.c_long(n), b, ctypes.byref((ctypes.c_long * 2)(0, 0))), n); return [struct.unpack_from('QQqq', b, 32 * i)[0::2] for i in range(n)]
                head = lambda c: struct.unpack('IIII', ctypes.string_at(c, 16))[1:]
                idle, few, round, large = setup(8), setup(8), setup(60), setup(2000); places = head(round)[0]
                for i in range(5): submit(few, i)
                same(take(few, 2), [(0, 3), (1, 3)])
                for i in range(places + 20):
                    submit(round, i)
                    if i >= 30: take(round, 1)
                for i in range(700): submit(large, i)
                before = [head(c) for c in (idle, few, round, large)]; lines = [l.split()[0] for l in open('/proc/self/maps') if '[aio]' in l]; same(len(lines), 4)
                wait()
                same([head(c) for c in (idle, few, round, large)], before); same([l.split()[0] for l in open('/proc/self/maps') if '[aio]' in l], lines)
                same(take(few, 3), [(2, 3), (3, 3), (4, 3)]); same(take(round, 30), [(places - 10 + i, 3) for i in range(30)]); same(take(large, 700), [(i, 3) for i in range(700)])
                for c in (idle, few, round, large): submit(c, 99); same(take(c, 1), [(99, 3)]); same(take(c, 0), []); same(libc.syscall(207, ctypes.c_ulong(c)), 0)
            """);
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
            Assert.Fail(said);
    }
}
