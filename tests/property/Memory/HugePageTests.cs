using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Anonymous memory of huge pages, where the machine has set some aside (vm.nr_hugepages).</summary>
public class HugePageTests
{
    private const int Needed = 8;

    private static bool HasPages()
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
            if (line.StartsWith("HugePages_Free:", StringComparison.Ordinal))
                return int.Parse(line.AsSpan("HugePages_Free:".Length), System.Globalization.NumberStyles.AllowLeadingWhite, System.Globalization.CultureInfo.InvariantCulture) >= Needed;
        return false;
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void PrivateOnesAndSharedOnesOfTwoTasks(bool newPidNamespace)
    {
        if (!HasPages())
            return;
        using var program = new SelfCheckingProgram("""
                import mmap
                HUGE = 0x40000; size = 2 << 20
                own = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | HUGE)
                shared = mmap.mmap(-1, 2 * size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | HUGE)
                own[:5] = b'parts'; shared[4096 * 3:4096 * 3 + 3] = b'one'; shared[-3:] = b'end'; r, w = os.pipe()
                def kind(): return sorted(' '.join(l.split()[1:2] + l.split()[3:4] + l.split()[5:]) for l in open('/proc/self/maps') if 'huge' in l)
                before = kind(); child = os.fork()
                if child == 0:
                    signal.signal(signal.SIGUSR2, lambda *_: None); signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
                    os.write(w, b'r'); signal.sigwait([signal.SIGUSR2]); ok = own[:5] == b'parts' and shared[-3:] == b'end'; shared[:5] = b'child'
                    os._exit(0 if ok and kind() == before else 1)
                os.read(r, 1)
                wait()
                same(kind(), before); same(own[:5], b'parts'); same(shared[4096 * 3:4096 * 3 + 3], b'one'); same(shared[-3:], b'end')
                os.kill(child, signal.SIGUSR2); same(os.wait(), (child, 0)); same(shared[:5], b'child')
            """);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }
}
