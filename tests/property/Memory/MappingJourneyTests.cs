using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>What is special of some mappings, through a checkpoint and a restore of a program that checks itself.</summary>
public class MappingJourneyTests
{
    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True); libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
            libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]

        """;

    private static void Survives(string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        Assert.Equal("ok", program.Journey());
    }

    /// <summary>The lists of so many mappings are longer than a file of /proc/sys may be read at once.</summary>
    [FactWith("python3")]
    public void ThousandsOfMappings() => Survives("""
            count = 20000; start = libc.mmap(None, count * 4096, 3, 0x22, -1, 0)
            for i in range(0, count, 2): ctypes.c_int.from_address(start + i * 4096).value = i; libc.mprotect(start + i * 4096, 4096, 1)
            own = lambda: sum(1 for l in open('/proc/self/maps') if start <= int(l.split('-')[0], 16) < start + count * 4096)
            before = own(); assert before >= count - 1
            wait()
            same(own(), before); same([ctypes.c_int.from_address(start + i * 4096).value for i in range(0, count, 2)], list(range(0, count, 2)))
        """);

    /// <summary>What a child gets, and does not get, of memory that was marked before the checkpoint.</summary>
    [FactWith("python3")]
    public void AChildBornAfterwardsGetsWhatTheAdviceSays() => Survives("""
            wiped = libc.mmap(None, 8192, 3, 0x22, -1, 0); kept = libc.mmap(None, 4096, 3, 0x22, -1, 0); gap = libc.mmap(None, 3 * 4096, 0, 0x22, -1, 0); absent = gap + 4096; libc.mprotect(absent, 4096, 3)
            for a in (wiped, kept, absent): ctypes.memmove(a, b'text', 4)
            libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]; same((libc.madvise(wiped, 8192, 18), libc.madvise(absent, 4096, 10)), (0, 0)) # MADV_WIPEONFORK, MADV_DONTFORK
            has = lambda: any(int(l.split('-')[0], 16) <= absent < int(l.split('-')[1].split()[0], 16) and l.split()[1] == 'rw-p' for l in open('/proc/self/maps'))
            wait()
            same([ctypes.string_at(a, 4) for a in (wiped, kept, absent)], [b'text'] * 3); assert has()
            child = os.fork()
            if child == 0: os._exit(0 if (ctypes.string_at(wiped, 4), ctypes.string_at(kept, 4), has()) == (bytes(4), b'text', False) else 1)
            same(os.waitpid(child, 0)[1], 0); same(ctypes.string_at(wiped, 4), b'text')
        """);

    [FactWith("python3")]
    public void DroppableMemoryStaysDroppable() => Survives("""
            start = libc.mmap(None, 4096, 3, 0x28, -1, 0)
            if start == 2 ** 64 - 1: wait(); said('result', 'ok'); os._exit(0) # MAP_DROPPABLE is of Linux 6.11
            ctypes.c_int.from_address(start).value = 5
            wait()
            same(ctypes.c_int.from_address(start).value, 0)
            flags = open('/proc/self/smaps').read().split('%x-' % start)[1].split('VmFlags:')[1].split('\n')[0].split()
            assert 'dp' in flags, flags
        """);

    /// <summary>What may be written and what never: by a seal set later, by the descriptor that it was mapped from.</summary>
    [FactWith("python3")]
    public void RightsToMemoryFilesStayAsTheyWere() => Survives("""
            def made(name): f = os.memfd_create(name, 2); os.ftruncate(f, 8192); return f
            m, n = made('later'), made('never'); a = libc.mmap(None, 8192, 3, 1, m, 0); ctypes.memmove(a, b'text', 4); fcntl.fcntl(m, 1033, 0x10) # F_ADD_SEALS, F_SEAL_FUTURE_WRITE
            b = libc.mmap(None, 8192, 1, 1, m, 0); f = os.open('/proc/self/fd/%d' % n, os.O_RDONLY); c = libc.mmap(None, 4096, 1, 1, f, 4096); e = libc.mmap(None, 8192, 3, 1, n, 0); ctypes.memmove(e + 4096, b'seen', 4)
            empty = os.memfd_create('empty', 0); ahead = os.memfd_create('ahead', 0); libc.mmap(None, 4096, 3, 1, ahead, 0)
            state = lambda: ([libc.mprotect(p, 4096, 3) for p in (b, c)], fcntl.fcntl(m, 1034), os.fstat(empty).st_size, os.fstat(ahead).st_size); before = state(); same(before, ([-1, -1], 0x10, 0, 0))
            wait()
            same(state(), before); ctypes.memmove(a, b'more', 4); same([ctypes.string_at(p, 4) for p in (b, c)], [b'more', b'seen']); ctypes.memmove(e + 4096, b'live', 4); same(ctypes.string_at(c, 4), b'live')
        """);

    /// <summary>The description that memfd_create(2) makes does not keep execve(2) from running the file; one opened later for writing would.</summary>
    [FactWith("python3")]
    public void AMemoryFileCanStillBeExecuted() => Survives("""
            m = os.memfd_create('script', 0); os.write(m, b'#!/bin/true'); os.set_inheritable(m, True)
            def run():
                child = os.fork()
                if child == 0:
                    try: os.execve(m, ['true'], {})
                    except OSError as e: os._exit(e.errno)
                return os.WEXITSTATUS(os.waitpid(child, 0)[1])
            same(run(), 0)
            wait()
            same(run(), 0); same(os.lseek(m, 0, 1), 11)
        """);
}
