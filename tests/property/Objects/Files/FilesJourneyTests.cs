using CrCore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Descriptors of every kind that is saved, through a checkpoint and a restore of a live program that checks itself.</summary>
public class FilesJourneyTests
{
    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(code);
        Assert.Equal("ok", program.Journey(restore: new() { NewPidNamespace = newPidNamespace }));
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void OffsetsFlagsAndSharing(bool newPidNamespace) => Survives(newPidNamespace, """
            f = os.open('a', os.O_RDWR | os.O_CREAT); os.write(f, b'0123456789'); os.lseek(f, 3, 0)
            os.dup2(f, 77); g = os.open('a', os.O_WRONLY | os.O_APPEND); os.set_inheritable(g, True)
            flags = [fcntl.fcntl(x, fcntl.F_GETFL) for x in (f, g)]
            wait()
            same(os.lseek(f, 0, 1), 3); same(os.read(77, 2), b'34'); same(os.lseek(f, 0, 1), 5)
            same([fcntl.fcntl(x, fcntl.F_GETFL) for x in (f, g)], flags)
            same([os.get_inheritable(x) for x in (f, g, 77)], [False, True, True])
            os.write(g, b'end'); same(os.pread(f, 100, 0), b'0123456789end'); same(os.lseek(g, 0, 1), 13)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AnOffsetSharedByTwoTasks(bool newPidNamespace) => Survives(newPidNamespace, """
            f = os.open('a', os.O_RDWR | os.O_CREAT); os.write(f, b'0123456789'); os.lseek(f, 3, 0)
            r, w = os.pipe(); back, answer = os.pipe()
            if os.fork() == 0:
                os.close(w); os.read(r, 1); os.lseek(f, 8, 0); os.write(answer, b'x'); os._exit(0)
            os.close(r); os.close(answer)
            wait()
            same(os.lseek(f, 0, 1), 3); os.write(w, b'go'); same(os.read(back, 1), b'x'); same(os.lseek(f, 0, 1), 8)
            same(os.wait()[1], 0); same(os.read(back, 1), b'')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void PipesWithWhatIsInThem(bool newPidNamespace) => Survives(newPidNamespace, """
            r, w = os.pipe(); fcntl.fcntl(w, F_SETPIPE_SZ, 1 << 18); big = bytes(range(256)) * 700; os.write(w, big)
            again = os.open('/proc/self/fd/%d' % r, os.O_RDONLY | os.O_NONBLOCK)
            pr, pw = os.pipe2(os.O_DIRECT | os.O_NONBLOCK); os.write(pw, b'one'); os.write(pw, b'three'); os.write(pw, b'x' * 4096)
            hr, hw = os.pipe(); os.close(hr); er, ew = os.pipe(); os.write(ew, b'last'); os.close(ew)
            flags = [fcntl.fcntl(x, fcntl.F_GETFL) for x in (r, w, again, pr, pw, hw, er)]
            wait()
            same([fcntl.fcntl(x, fcntl.F_GETFL) for x in (r, w, again, pr, pw, hw, er)], flags)
            same(fcntl.fcntl(r, F_GETPIPE_SZ), 1 << 18); same(os.read(r, 100), big[:100]); same(os.read(again, 1 << 20), big[100:])
            same([os.read(pr, 5000) for _ in range(3)], [b'one', b'three', b'x' * 4096])
            same(os.read(er, 10), b'last'); same(os.read(er, 10), b'')
            try: os.write(hw, b'x'); assert False
            except BrokenPipeError: pass
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FifosInEveryHalfOpenForm(bool newPidNamespace) => Survives(newPidNamespace, """
            for n in 'abc': os.mkfifo(n)
            both = os.open('a', os.O_RDWR); os.write(both, b'stays')
            reader = os.open('b', os.O_RDONLY | os.O_NONBLOCK)
            c1 = os.open('c', os.O_RDWR); writer = os.open('c', os.O_WRONLY); os.close(c1)
            wait()
            same(os.read(both, 100), b'stays'); same(os.read(reader, 10), b'')
            try: os.write(writer, b'x'); assert False
            except BrokenPipeError: pass
            assert fcntl.fcntl(reader, fcntl.F_GETFL) & os.O_NONBLOCK and not fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DeletedFilesWithHoles(bool newPidNamespace) => Survives(newPidNamespace, """
            f = os.open('gone', os.O_RDWR | os.O_CREAT, 0o640); g = os.open('gone', os.O_RDONLY)
            os.write(f, b'head'); os.pwrite(f, b'tail', 1 << 22); os.lseek(f, 2, 0); os.unlink('gone')
            before = os.fstat(f); link = os.readlink('/proc/self/fd/%d' % f)
            wait()
            now = os.fstat(f); same(os.listdir(d).count('gone'), 0); same(os.readlink('/proc/self/fd/%d' % f), link)
            for k in 'st_mode st_uid st_gid st_size st_nlink st_blocks st_mtime_ns'.split(): same(getattr(now, k), getattr(before, k))
            same(os.read(f, 2), b'ad'); same(os.pread(g, 4, 1 << 22), b'tail'); same(os.lseek(g, 0, 1), 0); same(now.st_ino, os.fstat(g).st_ino)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DirectoriesPathsAndDevices(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mkdir('dir'); dirfd = os.open('dir', os.O_RDONLY | os.O_DIRECTORY); os.symlink('/nowhere', 'link')
            p = os.open('program.py', os.O_PATH); l = os.open('link', os.O_PATH | os.O_NOFOLLOW); z = os.open('/dev/zero', os.O_RDONLY)
            os.umask(0o035); os.chdir('dir')
            before = [os.readlink('/proc/self/fd/%d' % x) for x in (0, dirfd, p, l, z)]
            wait()
            same([os.readlink('/proc/self/fd/%d' % x) for x in (0, dirfd, p, l, z)], before)
            same(os.readlink('', dir_fd=l), '/nowhere'); same(os.read(z, 3), bytes(3)); same(os.umask(0), 0o035); same(os.getcwd(), d + '/dir')
            open('/proc/self/fd/%d' % p).close(); os.stat('../link', follow_symlinks=False)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void MemoryFilesKeepTheirSeals(bool newPidNamespace) => Survives(newPidNamespace, """
            m = os.memfd_create('own', os.MFD_ALLOW_SEALING); os.write(m, b'hello'); fcntl.fcntl(m, 1033, 2); os.lseek(m, 1, 0)
            link = os.readlink('/proc/self/fd/%d' % m)
            wait()
            same(os.read(m, 9), b'ello'); same(fcntl.fcntl(m, 1034), 2); same(os.readlink('/proc/self/fd/%d' % m), link); same(os.fstat(m).st_size, 5)
            try: os.ftruncate(m, 1); assert False
            except PermissionError: pass
            os.pwrite(m, b'more than before', 0)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void SignalsOfPipesReachTheirOwner(bool newPidNamespace) => Survives(newPidNamespace, """
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
            r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETOWN, os.getpid()); fcntl.fcntl(r, 10, signal.SIGUSR2)
            fcntl.fcntl(r, fcntl.F_SETFL, fcntl.fcntl(r, fcntl.F_GETFL) | os.O_ASYNC)
            wait()
            same(signal.sigpending(), set()); os.write(w, b'x'); same(signal.sigpending(), {signal.SIGUSR2})
            same(signal.sigwaitinfo([signal.SIGUSR2]).si_pid is not None, True); same(fcntl.fcntl(r, 11), signal.SIGUSR2)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ThousandsOfDescriptorsKeepTheirNumbers(bool newPidNamespace) => Survives(newPidNamespace, """
            import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (8000,) * 2)
            f = os.open('a', os.O_RDWR | os.O_CREAT)
            for i in range(3000): os.dup2(f, 100 + 2 * i)
            many = [os.open('a', os.O_RDONLY) for i in range(200)]
            for i, x in enumerate(many): os.truncate('a', 500); os.lseek(x, i, 0)
            if os.fork() == 0: signal.pause()
            before = sorted(map(int, os.listdir('/proc/self/fd')))
            wait()
            same(sorted(map(int, os.listdir('/proc/self/fd'))), before); same([os.lseek(x, 0, 1) for x in many], list(range(200)))
            os.lseek(100, 42, 0); same(os.lseek(6098, 0, 1), 42)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ATableSharedByTwoTasks(bool newPidNamespace) => Survives(newPidNamespace, """
            libc = ctypes.CDLL(None, use_errno=True); r, w = os.pipe(); back, answer = os.pipe()
            pid = libc.syscall(56, 0x400 | 0x200 | 17, 0, 0, 0, 0) # clone(CLONE_FILES | CLONE_FS | SIGCHLD)
            if pid == 0:
                os.read(r, 1); os.open('/dev/zero', os.O_RDONLY); os.dup2(0, 99); os.chdir('/'); os.write(answer, b'x'); os._exit(0)
            wait()
            try: os.fstat(99); assert False
            except OSError: pass
            os.write(w, b'x'); same(os.read(back, 1), b'x'); os.fstat(99); same(os.getcwd(), '/')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AThreadWithAWorkingDirectoryOfItsOwn(bool newPidNamespace) => Survives(newPidNamespace, """
            import threading; libc = ctypes.CDLL(None); os.mkdir('own'); ids = []; go = threading.Event(); done = threading.Event(); seen = []
            def run():
                libc.unshare(0x200); os.chdir('own'); os.umask(0o071); ids.append(threading.get_native_id()); done.set(); go.wait(); seen.append(os.getcwd()); os.chdir('/')
            t = threading.Thread(target=run); t.start(); done.wait(); u = threading.Thread(target=go.wait); u.start()
            facts = lambda: (os.readlink('/proc/self/task/%d/cwd' % ids[0]), [l for l in open('/proc/self/task/%d/status' % ids[0]) if l.startswith('Umask')], os.getcwd())
            before = facts(); same(before[0], d + '/own')
            wait()
            same(facts(), before); go.set(); t.join(); u.join(); same((seen, os.getcwd()), ([d + '/own'], d))
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void NamespacesThatDescriptorsStandFor(bool newPidNamespace) => Survives(newPidNamespace, """
            kinds = ('net', 'uts', 'pid', 'mnt', 'user'); fds = [os.open('/proc/self/ns/' + k, os.O_RDONLY) for k in kinds]
            wait()
            for k, f in zip(kinds, fds): same((os.fstat(f).st_dev, os.fstat(f).st_ino), (os.stat('/proc/self/ns/' + k).st_dev, os.stat('/proc/self/ns/' + k).st_ino)); same(os.readlink('/proc/self/fd/%d' % f), os.readlink('/proc/self/ns/' + k))
        """);

    /// <summary>What proc has of descriptors and threads exists only once these do.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FilesOfProcAboutDescriptorsAndThreads(bool newPidNamespace) => Survives(newPidNamespace, """
            import threading
            go = threading.Event(); t = threading.Thread(target=go.wait); t.start(); tid = t.native_id; me = os.getpid()
            r, w = os.pipe(); back, answer = os.pipe()
            names = ['/proc/%d/fdinfo/2' % me, '/proc/%d/task/%d/status' % (me, tid), '/proc/%d/task/%d/comm' % (me, tid), '/proc/%d/task/%d' % (me, tid), '/proc/%d/fdinfo' % me]
            fds = [os.open(n, os.O_RDONLY) for n in names]; os.lseek(fds[2], 2, 0); os.dup2(fds[2], 70, inheritable=True)
            fds.append(os.open('/proc/%d/fd/2' % me, os.O_PATH | os.O_NOFOLLOW)); names.append('/proc/%d/fd/2' % me)
            fds.append(os.open('/proc/%d/status' % tid, os.O_RDONLY)); names.append('/proc/%d/status' % tid)
            comm = open(names[2]).read()
            def check():
                same([os.readlink('/proc/self/fd/%d' % f) for f in fds + [70]], names + [names[2]])
                same(os.pread(fds[0], 999, 0), open(names[0], 'rb').read())
                assert ('Pid:\t%d\n' % tid) in os.pread(fds[1], 9999, 0).decode() and ('Pid:\t%d\n' % tid) in os.pread(fds[6], 9999, 0).decode()
                same(os.pread(fds[2], 99, 0).decode(), comm); assert 'comm' in os.listdir(fds[3]); assert '2' in os.listdir(fds[4])
                same((os.lseek(70, 0, 1), os.get_inheritable(70), os.get_inheritable(fds[2])), (2, True, False))
            if os.fork() == 0:
                me_too = [os.readlink('/proc/self/fd/%d' % f) for f in fds[:6]]
                os.read(r, 1); same([os.readlink('/proc/self/fd/%d' % f) for f in fds[:6]], me_too); same(os.pread(fds[2], 99, 0).decode(), comm); os.write(answer, b'x'); os._exit(0)
            check()
            wait()
            check(); os.write(w, b'x'); same(os.read(back, 1), b'x'); go.set()
        """);
}
