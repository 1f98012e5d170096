using CrCore;
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

    /// <summary>None of the files of huge pages slips through as something else: mapped, attached, open only.</summary>
    [TheoryWithHugePages("python3"), InlineData("memfd", "CrMappingHugeTlb"), InlineData("descriptor", "CrHugeMemoryFile"), InlineData("segment", "CrMappingHugeTlb"), InlineData("lone", "CrIpcNotSaved")]
    public void FilesOfHugePagesAreNamed(string kind, string id)
    {
        using var program = new SelfCheckingProgram($"    kind = '{kind}'" + """

                libc = ctypes.CDLL(None, use_errno=True); libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p; libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
                libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
                if kind == 'lone': same(libc.unshare(0x08000000), 0)
                if kind in ('segment', 'lone'):
                    shm = libc.shmget(0, 2 << 20, 0o5600); assert shm >= 0 # SHM_HUGETLB
                    if kind == 'segment': at = libc.shmat(shm, None, 0); libc.shmctl(shm, 0, None); ctypes.c_int.from_address(at).value = 1
                else:
                    fd = libc.memfd_create(b'huge', 4); assert fd >= 0; os.ftruncate(fd, 2 << 20) # MFD_HUGETLB
                    if kind == 'memfd': at = libc.mmap(None, 2 << 20, 3, 1, fd, 0); os.close(fd); ctypes.c_int.from_address(at).value = 1
                wait()
            """);
        var refused = Assert.Throws<CrPreflightException>(() => program.Save());
        Assert.Equal(id, Assert.Single(refused.Obstacles).Id);
    }
}
