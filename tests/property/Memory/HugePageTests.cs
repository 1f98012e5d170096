using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Memory;

/// <summary>Anonymous memory of huge pages.</summary>
public class HugePageTests
{
    [TheoryWithHugePages("python3"), InlineData(false), InlineData(true)]
    public void PrivateOnesAndSharedOnesOfTwoTasks(bool newPidNamespace)
    {
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
