using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Memory;
using CrCore.Restore;
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

    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True); libc.mmap.restype = libc.shmat.restype = ctypes.c_void_p; libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]; libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
            def mapped(length, rights, flags, fd, offset=0):
                at = libc.mmap(None, length, rights, flags, fd, offset); assert at != 2 ** 64 - 1, os.strerror(ctypes.get_errno()); return at
            def put(at, text): ctypes.memmove(at, text, len(text))
            get = ctypes.string_at
            M = 1 << 20; SHARED, PRIVATE, NORESERVE = 1, 2, 0x4000; r, w = os.pipe()
            def kind(word): return sorted(' '.join(l.split()[1:4] + l.split()[5:]) for l in open('/proc/self/maps') if word in l)
            def flags(at): return open('/proc/self/smaps').read().split('%x-' % at)[1].split('VmFlags:')[1].split('\n')[0].split()
            def born(code):
                child = os.fork()
                if child == 0:
                    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); os.write(w, b'r'); signal.sigwait([signal.SIGUSR2])
                    try: code(); os._exit(0)
                    except BaseException: said('result', traceback.format_exc()); os._exit(1)
                os.read(r, 1); return child
            def ended(child): os.kill(child, signal.SIGUSR2); same(os.waitpid(child, 0)[1], 0)

        """;

    private static string Journey(string code, RestoreOptions? restore = null)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        return program.Journey(restore: restore);
    }

    /// <summary>A memory file that two tasks map, shared and private, with holes that stay holes.</summary>
    [TheoryWithHugePages("python3"), InlineData(false), InlineData(true)]
    public void AMemoryFileOfTwoTasks(bool newPidNamespace) => Assert.Equal("ok", Journey("""
            fd = libc.memfd_create(b'large', 6); os.ftruncate(fd, 64 * M); closed = libc.memfd_create(b'closed', 4); os.ftruncate(closed, 2 * M) # MFD_HUGETLB, MFD_ALLOW_SEALING
            part = mapped(2 * M, 3, SHARED, fd, 4 * M); own = mapped(2 * M, 3, PRIVATE, fd, 4 * M); rest = mapped(64 * M, 1, SHARED | NORESERVE, fd); late = mapped(2 * M, 3, SHARED, closed); os.close(closed)
            put(part, b'both'); put(own + M, b'mine'); libc.mprotect(own, 2 * M, 1); put(late, b'late'); os.lseek(fd, 77, 0)
            before = kind('large') + kind('closed'), os.fstat(fd).st_blocks, flags(part), flags(rest)
            def child():
                same((get(part, 4), get(own + M, 4), get(late, 4)), (b'both', b'mine', b'late')); same(kind('large') + kind('closed'), before[0]); put(part + M, b'child'); put(late, b'gone')
            child = born(child); libc.mprotect(own, 2 * M, 1)
            wait()
            same((kind('large') + kind('closed'), os.fstat(fd).st_blocks, flags(part), flags(rest)), before)
            same((get(part, 4), get(own, 4), get(own + M, 4), get(late, 4)), (b'both', b'both', b'mine', b'late')); same(os.lseek(fd, 0, 1), 77); same(os.fstatvfs(fd).f_bsize, 2 * M)
            ended(child); same((get(rest + 5 * M, 5), get(late, 4)), (b'child', b'gone'))
        """, new() { NewPidNamespace = newPidNamespace }));

    /// <summary>Seals, with a mapping of before that may still write (F_SEAL_FUTURE_WRITE), and one that never may.</summary>
    [TheoryWithHugePages("python3"), InlineData(0xe), InlineData(0x16)]
    public void ASealedMemoryFile(int seals) => Assert.Equal("ok", Journey($"    seals = {seals}" + """

            fd = libc.memfd_create(b'sealed', 6); os.ftruncate(fd, 2 * M); at = mapped(2 * M, 3, SHARED, fd); put(at, b'text')
            if seals & 8: libc.munmap(at, 2 * M)
            fcntl.fcntl(fd, 1033, seals); view = mapped(2 * M, 1, SHARED, fd)
            wait()
            same(fcntl.fcntl(fd, 1034), seals); same(get(view, 4), b'text'); same(libc.mprotect(view, 2 * M, 3), -1)
            if not seals & 8: put(at, b'more'); same(get(view, 4), b'more')
        """));

    /// <summary>Segments: shared by two tasks, one mapped in part, one that may not be written, of a size that is no multiple of the page.</summary>
    [TheoryWithHugePages("python3"), InlineData(false), InlineData(true)]
    public void SystemVSegments(bool ownNamespace) => Assert.Equal("ok", Journey($"    own = {(ownNamespace ? "True" : "False")}" + """

            if own: same(libc.unshare(0x08000000), 0)
            shm = libc.shmget(0, 3 * M, 0o5600); assert shm >= 0; lone = libc.shmget(77, 2 * M, 0o5600) if own else -1 # SHM_HUGETLB | IPC_CREAT
            at = libc.shmat(shm, None, 0); assert at != 2 ** 64 - 1; view = libc.shmat(shm, None, 0x1000); put(at + 2 * M, b'text'); libc.munmap(at, 2 * M)
            size = lambda n: (lambda b: (libc.shmctl(n, 2, b), struct.unpack_from('Q', b, 48)[0], struct.unpack_from('Q', b, 88)[0]))(ctypes.create_string_buffer(112))
            if own: x = libc.shmat(lone, None, 0); put(x, b'lone'); libc.shmdt.argtypes = [ctypes.c_void_p]; libc.shmdt(x)
            child = born(lambda: put(at + 3 * M, b'child')); before = kind('SYSV'), size(shm), size(lone)
            if not own: libc.shmctl(shm, 0, None)
            wait()
            same((kind('SYSV'), size(shm), size(lone)), before); same(get(view + 2 * M, 4), b'text'); same(libc.mprotect(view, 2 * M, 3), -1); ended(child); same(get(view + 3 * M, 5), b'child')
            if own: same(get(libc.shmat(lone, None, 0), 4), b'lone')
        """));

    /// <summary>Files of a mounted hugetlbfs: one with its name, one without, both open, mapped shared and private.</summary>
    [TheoryWithHugePages("python3", "mount", "umount"), InlineData(false), InlineData(true)]
    public void NamedAndDeletedFiles(bool newPidNamespace)
    {
        using var mount = new HugePageMount();
        Assert.Equal("ok", Journey($"    folder = '{mount.Path}'" + """

            named = os.open(folder + '/named', os.O_RDWR | os.O_CREAT, 0o600); gone = os.open(folder + '/gone', os.O_RDWR | os.O_CREAT, 0o640)
            for f in (named, gone): os.ftruncate(f, 4 * M)
            a, b = mapped(4 * M, 3, SHARED, named), mapped(4 * M, 3, SHARED, gone); put(a, b'name'); put(b + 2 * M, b'none'); c = mapped(2 * M, 3, PRIVATE, named); e = mapped(2 * M, 3, PRIVATE, gone, 2 * M); put(c + M, b'own'); put(e + M, b'own')
            os.unlink(folder + '/gone'); before = kind(folder), os.fstat(gone).st_blocks, os.fstat(gone).st_mode
            wait()
            same((kind(folder), os.fstat(gone).st_blocks, os.fstat(gone).st_mode), before); same((get(a, 4), get(b, 4), get(b + 2 * M, 4)), (b'name', bytes(4), b'none'))
            same((get(c, 4), get(c + M, 3), get(e, 4), get(e + M, 3)), (b'name', b'own', b'none', b'own')); put(b, b'both'); same(os.pread(gone, 4, 0), b'both'); same(os.listdir(folder), ['named'])
        """, new() { NewPidNamespace = newPidNamespace }));
    }

    /// <summary>The largest pages, private, shared, and a memory file of them.</summary>
    [TheoryWithGiantPages("python3"), InlineData("private"), InlineData("shared"), InlineData("memfd")]
    public void PagesOfAGibibyte(string kind) => Assert.Equal("ok", Journey($"    what = '{kind}'" + """

            G = 1 << 30; huge = 30 << 26
            if what == 'memfd': fd = libc.memfd_create(b'giant', 4 | huge); os.ftruncate(fd, G); at = mapped(G, 3, SHARED, fd)
            else: at = mapped(G, 3, (PRIVATE if what == 'private' else SHARED) | 0x40020 | huge, -1)
            put(at, b'start'); put(at + 3 * M, b'middle'); put(at + G - 3, b'end')
            size = lambda: open('/proc/self/smaps').read().split('%x-' % at)[1].split('KernelPageSize:')[1].split()[0]
            wait()
            same((get(at, 5), get(at + 3 * M, 6), get(at + G - 3, 3), get(at + M, 4), size()), (b'start', b'middle', b'end', bytes(4), '1048576'))
        """));

    /// <summary>A machine that has too few says how many it has, and how many it would take.</summary>
    [Theory, InlineData(21, 1 << 20), InlineData(16, 8)]
    public void ShortageIsToldBeforehand(byte shift, int pages)
    {
        const ulong start = 0x10_0000_0000;
        using var folder = new Module.ScratchFolder();
        var path = folder.File("image.cr");
        using (var writer = new ImageWriter(File.Create(path)))
        {
            writer.WriteRecord(new HeadRecord { Major = 6, Time = 1, Release = "6", Version = "#1", Machine = "x86_64", NodeName = "n", Writer = "test", ImageId = Guid.NewGuid() });
            writer.WriteRecord(new HeadArchRecord(true, true, 2432));
            writer.WriteRecord(new TreeRecord([new(100, 100, 0)]));
            writer.WriteTask(new TaskRecord { VPid = 100, ThreadCount = 1, ExitSignal = 17 }, "task");
            writer.WriteRecord(new MmRecord { Parent = 100, ObjRef = 1, MapCount = 1, ExePath = "/bin/none" });
            writer.WriteRecord(new VmaRecord { Kind = VmaType.Anonymous, Start = start, End = start + ((ulong)pages << shift), Flags = VmFlags.HugeTlb, PageShift = shift, Protection = MemoryProtection.Read | MemoryProtection.Write });
            writer.WriteRecord(new MmContextRecord(1));
            writer.WriteRecord(new ThreadRecord(100, 100));
            writer.SealMetadata();
            writer.Finish();
        }
        var told = Assert.Single(new TreeRestore(new()).Preview(path).Obstacles, o => o.Id == "CrHugePages");
        Assert.Contains(Directory.Exists($"/sys/kernel/mm/hugepages/hugepages-{1L << (shift - 10)}kB") ? $"needs {pages} of them" : "no pages of that size", told.Reason, StringComparison.Ordinal);
    }
}
