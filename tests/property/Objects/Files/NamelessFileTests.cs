using CrCore;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Objects.Files;

/// <summary>Files whose names are gone, of every type and in every use, through a checkpoint and a restore of a live program that checks itself.</summary>
public class NamelessFileTests
{
    private const string Calls = """
            import mmap, stat
            link = lambda f: os.readlink('/proc/self/fd/%d' % f)
            def facts(f, *more): s = os.fstat(f); return [s.st_mode, s.st_uid, s.st_gid, s.st_nlink, s.st_rdev, 0 if stat.S_ISFIFO(s.st_mode) else s.st_mtime_ns] + [getattr(s, x) for x in more]

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
            Assert.Fail(said);
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DirectoriesAndWhatWasInThem(bool newPidNamespace) => Survives(newPidNamespace, """
            os.makedirs('a/b'); f = os.open('a/b/file', os.O_RDWR | os.O_CREAT, 0o604); os.write(f, b'inside'); x = os.open('a', os.O_RDONLY)
            os.chmod('a', 0o750); os.chdir('a/b'); y = os.open('.', os.O_RDONLY | os.O_DIRECTORY); os.unlink('file'); os.rmdir('../b'); os.rmdir(d + '/a')
            before = [(link(i), facts(i)) for i in (f, x, y)] + [os.readlink('/proc/self/cwd')]
            wait()
            same([(link(i), facts(i)) for i in (f, x, y)] + [os.readlink('/proc/self/cwd')], before); same(os.pread(f, 9, 0), b'inside'); same(os.path.exists(d + '/a'), False)
            same((os.stat('.').st_ino, os.listdir(y)), (os.fstat(y).st_ino, []))
            try: os.getcwd(); assert False
            except FileNotFoundError: pass
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FifosWithWhatIsInThem(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mkfifo('f', 0o640); w = os.open('f', os.O_RDWR); r = os.open('f', os.O_RDONLY); os.write(w, b'stays'); os.mkfifo('g'); half = os.open('g', os.O_RDONLY | os.O_NONBLOCK)
            p = os.open('g', os.O_PATH); os.unlink('f'); os.unlink('g'); before = [(link(i), facts(i)) for i in (w, r, half, p)]
            wait()
            same([(link(i), facts(i)) for i in (w, r, half, p)], before); same(os.read(r, 9), b'stays'); os.write(w, b'again'); same(os.read(r, 9), b'again')
            same(os.read(half, 9), b''); e = os.open('/proc/self/fd/%d' % p, os.O_RDWR); os.write(e, b'x'); same(os.read(half, 9), b'x')
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void DevicesLinksAndPaths(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mknod('zero', stat.S_IFCHR | 0o640, os.makedev(1, 5)); z = os.open('zero', os.O_RDONLY); os.symlink('/some/where', 'link'); l = os.open('link', os.O_PATH | os.O_NOFOLLOW)
            q = os.open('plain', os.O_RDWR | os.O_CREAT); os.write(q, b'text'); p = os.open('plain', os.O_PATH)
            for n in ('zero', 'link', 'plain'): os.unlink(n)
            before = [(link(i), facts(i)) for i in (z, l, p, q)]
            wait()
            same([(link(i), facts(i)) for i in (z, l, p, q)], before); same(os.read(z, 3), bytes(3)); same(os.readlink('', dir_fd=l), '/some/where')
            again = os.open('/proc/self/fd/%d' % p, os.O_RDONLY); same(os.read(again, 9), b'text'); same(os.fstat(p).st_ino, os.fstat(q).st_ino)
        """);

    /// <summary>The name may be taken by another file meanwhile; and a file that never had one may still get it.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void TakenNamesAndFilesThatNeverHadOne(bool newPidNamespace) => Survives(newPidNamespace, """
            libc = ctypes.CDLL(None, use_errno=True); n = 'odd\n (deleted)'; a = os.open(n, os.O_RDWR | os.O_CREAT); os.write(a, b'old'); os.unlink(n)
            b = os.open(n, os.O_RDWR | os.O_CREAT); os.write(b, b'new'); t = os.open('.', os.O_RDWR | os.O_TMPFILE, 0o600); os.write(t, b'none')
            before = link(b)
            wait()
            same((os.pread(a, 9, 0), os.pread(b, 9, 0), os.pread(t, 9, 0)), (b'old', b'new', b'none')); same(link(b), before); same(os.fstat(a).st_nlink, 0)
            same(libc.linkat(-100, b'/proc/self/fd/%d' % t, -100, b'named', 0x400), 0); same(open('named').read(), 'none'); same(sorted(x for x in os.listdir('.') if 'cr' in x and 'image' not in x), [])
        """);

    /// <summary>Mappings, descriptors and tasks that share one deleted file still share it; private copies are their own.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void Mappings(bool newPidNamespace) => Survives(newPidNamespace, """
            f = os.open('m', os.O_RDWR | os.O_CREAT); os.ftruncate(f, 1 << 20); os.pwrite(f, b'file', 8192); g = os.open('only', os.O_RDWR | os.O_CREAT); os.write(g, b'x' * 4096)
            s = mmap.mmap(f, 65536); p = mmap.mmap(f, 65536, flags=mmap.MAP_PRIVATE); o = mmap.mmap(g, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ); os.close(g)
            s[0:5] = b'share'; p[4096:4100] = b'mine'; os.unlink('m'); os.unlink('only'); r, w = os.pipe(); back, answer = os.pipe()
            if os.fork() == 0:
                os.close(w); os.read(r, 1); s[0:5] = b'child'; os.pwrite(f, b'desc', 100); os.write(answer, b'x'); os._exit(0)
            lines = lambda: [l.split(None, 5)[5] for l in open('/proc/self/maps') if 'deleted' in l]
            before = lines(); same(len(before), 3)
            wait()
            same(lines(), before); same((s[0:5], s[8192:8196], p[8192:8196], p[4096:4100], o[:3]), (b'share', b'file', b'file', b'mine', b'xxx'))
            os.write(w, b'x'); os.read(back, 1); same((s[0:5], s[100:104], p[4096:4100], os.pread(f, 4, 100)), (b'child', b'desc', b'mine', b'desc')); same(os.fstat(f).st_nlink, 0)
        """);

    /// <summary>A program that was upgraded while it ran: its file and libraries are others by now.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void AProgramThatWasReplaced(bool newPidNamespace) => Survives(newPidNamespace, """
            import shutil, subprocess; shutil.copy(shutil.which('sleep'), 'tool'); os.chmod('tool', 0o755); child = os.posix_spawn('tool', ['tool', '1000'], {})
            while not os.readlink('/proc/%d/exe' % child).endswith('/tool'): time.sleep(0.01)
            while open('/proc/%d/wchan' % child).read() == '0': time.sleep(0.01)
            shutil.copy(shutil.which('true'), 'new'); os.rename('new', 'tool'); before = os.readlink('/proc/%d/exe' % child); assert before.endswith(' (deleted)')
            size = os.stat('/proc/%d/exe' % child).st_size
            wait()
            assert os.readlink('/proc/%d/exe' % child).endswith(' (deleted)'); same(os.stat('/proc/%d/exe' % child).st_size, size); same(os.waitpid(child, os.WNOHANG), (0, 0))
            os.kill(child, 15); same(os.waitpid(child, 0)[1], 15)
        """);

    /// <summary>A program that was executed from a memfd: sealed or not, while somebody has it open, and when nobody has.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void ProgramsInMemory(bool newPidNamespace) => Survives(newPidNamespace, """
            import shutil; text = open(shutil.which('sleep'), 'rb').read(); exe = lambda pid: os.readlink('/proc/%d/exe' % pid)
            def run(name, keep, seals=0):
                f = os.memfd_create(name, os.MFD_ALLOW_SEALING); os.write(f, text); fcntl.fcntl(f, 1033, seals); os.set_inheritable(f, False); pid = os.fork()
                if pid == 0: os.execv('/proc/self/fd/%d' % f, [name, '1000'])
                while 'memfd' not in exe(pid) or open('/proc/%d/wchan' % pid).read() == '0': time.sleep(0.01)
                if not keep: os.close(f)
                return pid, f
            (a, _), (b, f), (c, g) = run('gone', False), run('kept', True), run('sealed', True, 0xf); same([exe(x) for x in (a, b, c)], ['/memfd:%s (deleted)' % x for x in ('gone', 'kept', 'sealed')])
            wait()
            same([exe(x) for x in (a, b, c)], ['/memfd:%s (deleted)' % x for x in ('gone', 'kept', 'sealed')]); same([open('/proc/%d/exe' % x, 'rb').read() == text for x in (a, b, c)], [True] * 3)
            inode = lambda x: (os.stat(x).st_dev, os.stat(x).st_ino); same(inode('/proc/%d/exe' % b), inode(f)); same(inode('/proc/%d/exe' % c), inode(g)); same(fcntl.fcntl(g, 1034), 0xf)
            try: os.open('/proc/self/fd/%d' % f, os.O_RDWR); assert False
            except OSError as e: same(e.errno, 26)
            for pid in (a, b, c): os.kill(pid, 15); same(os.waitpid(pid, 0)[1], 15)
        """);

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void NamesThatWereRemovedWhileOthersAreLeft(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mkdir('else'); f = os.open('a', os.O_RDWR | os.O_CREAT); os.write(f, b'near'); os.link('a', 'b'); os.unlink('a')
            g = os.open('c', os.O_RDWR | os.O_CREAT); os.write(g, b'far'); os.link('c', 'else/d'); os.unlink('c'); m = mmap.mmap(g, 3, prot=mmap.PROT_READ)
            os.mkfifo('p'); h = os.open('p', os.O_RDWR); os.link('p', 'else/q'); os.unlink('p'); os.write(h, b'fifo'); before = [(link(i), facts(i, 'st_ino')) for i in (f, g, h)]
            wait()
            same([(link(i), facts(i, 'st_ino')) for i in (f, g, h)], before); same(sorted(os.listdir('else')), ['d', 'q']); same(os.path.exists('a'), False)
            os.pwrite(f, b'N', 0); same(open('b').read(), 'Near'); same(m[:], b'far'); same(os.stat('else/d').st_ino, os.fstat(g).st_ino); w = os.open('else/q', os.O_RDONLY); same(os.read(w, 9), b'fifo')
        """);

    [FactWith("python3")]
    public void AChangedFileWithoutItsNameStopsTheRestore()
    {
        using var program = new SelfCheckingProgram(Calls + """
                f = os.open('a', os.O_RDWR | os.O_CREAT); os.write(f, b'text'); os.link('a', 'b'); os.unlink('a')
                wait()
                same(os.pread(f, 9, 0), b'other')
            """);
        program.Save();
        File.WriteAllText(Path.Combine(program.Folder, "b"), "other");
        Assert.Equal("CrFileChanged", Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles[0].Id);
        program.Restore(new() { AcceptChangedFiles = true });
        Assert.Equal("ok", program.Check());
    }

    [FactWith("python3")]
    public void AFileWhoseLastNameIsGoneByNowStopsTheRestore()
    {
        using var program = new SelfCheckingProgram(Calls + """
                f = os.open('a', os.O_RDWR | os.O_CREAT); os.write(f, b'text'); os.link('a', 'b'); os.unlink('a')
                wait()
            """);
        program.Save();
        File.Delete(Path.Combine(program.Folder, "b"));
        Assert.Equal("CrFileMissing", Assert.Throws<CrPreflightException>(() => program.Restore()).Obstacles[0].Id);
    }

    /// <summary>Who else has what is deleted goes its own way afterwards; who has the other end of a FIFO would be lost.</summary>
    [FactWith("python3")]
    public void WhatIsHeldOutsideIsTold()
    {
        using var program = new SelfCheckingProgram(Calls + """
                os.mkfifo('f'); r = os.open('f', os.O_RDWR); f = os.open('a', os.O_RDWR | os.O_CREAT); said('fds', '%d %d' % (r, f))
                os.unlink('f'); os.unlink('a')
                wait()
            """);
        Assert.Empty(new CrCore.Checkpoint.TreeCheckpoint(new()).Preview(program.Pid).Obstacles);
        var numbers = File.ReadAllText(Path.Combine(program.Folder, "fds")).Split(' ');
        using var fifo = CrCore.Kernel.OwnDescriptor.Open($"/proc/{program.Pid}/fd/{numbers[0]}", 2, out _);
        using var file = CrCore.Kernel.OwnDescriptor.Open($"/proc/{program.Pid}/fd/{numbers[1]}", 0, out _);
        var told = new CrCore.Checkpoint.TreeCheckpoint(new()).Preview(program.Pid).Obstacles;
        Assert.Equal(["CrExternalPipe", "CrSharedOutside"], told.Select(o => o.Id).Order());
    }
}
