using CrCore;
using CrProperty.Kernel;
using CrProperty.Objects.Files;
using Xunit;

namespace CrProperty.Objects.Events;

/// <summary>Watches of files through a checkpoint and a restore of a live program that checks itself.</summary>
public class WatchJourneyTests
{
    private const string Calls = """
            libc = ctypes.CDLL(None, use_errno=True)
            def watches(fd, word='inotify'): return [l for l in open('/proc/self/fdinfo/%d' % fd).read().splitlines() if l.startswith(word)]
            def events(fd):
                found, b = [], os.read(fd, 65536)
                while b: wd, mask, cookie, n = struct.unpack('iIII', b[:16]); found.append((wd, mask, b[16:16 + n].rstrip(b'\0').decode())); b = b[16 + n:]
                return found
            def events_until(fd, last):
                # An inode goes with its last user, who may be another process that reads a link below /proc/PID/fd at this moment.
                found = []
                for _ in range(2000):
                    if not quiet(fd): found += events(fd)
                    if found and found[-1] == last: break
                    time.sleep(0.01)
                return found
            def quiet(*fds): return not select.select(fds, [], [], 0)[0]
            def forget():
                # What the kernel knows no name of any more is found by its handle alone (root only).
                if os.access('/proc/sys/vm/drop_caches', os.W_OK): put('/proc/sys/vm/drop_caches', '2', 'w')
            def put(n, text, how='a'):
                with open(n, how) as f: f.write(text)

        """;

    private static void Survives(bool newPidNamespace, string code)
    {
        using var program = new SelfCheckingProgram(Calls + code);
        if (program.Journey(restore: new() { NewPidNamespace = newPidNamespace }) is var said and not "ok")
            Assert.Fail(said);
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FilesDirectoriesAndLinks(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mkdir('dir'); put('file', 'x'); put('opened', 'x'); os.symlink('nowhere', 'link'); f = os.open('opened', os.O_RDWR)
            a = libc.inotify_init1(os.O_NONBLOCK); b = libc.inotify_init1(os.O_CLOEXEC); add = lambda i, n, m: libc.inotify_add_watch(i, n.encode(), m)
            same([add(a, 'dir', 0xfff), add(a, 'file', 0xfff), add(a, 'link', 0x02000004), add(a, '/usr', 2)], [1, 2, 3, 4]); libc.inotify_rm_watch(a, 2); same(add(a, 'file', 0xfff), 5)
            same(add(b, 'opened', 0xfff | 0x80000000), 1); same(add(b, 'file', 2), 2); os.read(a, 9999); before = watches(a), watches(b); same([len(x) for x in before], [4, 2])
            wait()
            same((watches(a), watches(b)), before); assert quiet(a, b); same((os.get_inheritable(b), fcntl.fcntl(a, fcntl.F_GETFL) & os.O_NONBLOCK != 0), (False, True))
            put('dir/new', 'x'); same([e for e in events(a) if e[1] & 0x102], [(1, 0x100, 'new'), (1, 2, 'new')]); put('file', 'y')
            same([e for e in events(a) if e[1] & 2], [(5, 2, '')]); same(events(b), [(2, 2, '')]); os.lseek(f, 0, 0); os.read(f, 1); same(events(b), [(1, 1, ''), (1, 0x8000, '')])
            os.utime('link', (5, 5), follow_symlinks=False); same(events(a), [(3, 4, '')]); same(add(a, 'opened', 2), 6)
        """);

    /// <summary>A watch lives as long as the inode: one without a name that is still open, one whose other name is elsewhere.</summary>
    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FilesWithoutTheirNames(bool newPidNamespace) => Survives(newPidNamespace, """
            os.mkdir('else'); i = libc.inotify_init1(os.O_NONBLOCK)
            for n in 'abc': put(n, 'x'); libc.inotify_add_watch(i, n.encode(), 0xfff)
            f = os.open('a', os.O_RDWR); os.unlink('a'); g = os.open('b', os.O_RDWR); os.link('b', 'else/b'); os.unlink('b'); os.rename('c', 'else/c'); os.read(i, 9999)
            numbers = lambda: sorted(l.split()[1] for l in watches(i)); before = numbers(); same(len(before), 3); forget()
            wait()
            same(numbers(), before); assert quiet(i); os.pwrite(f, b'y', 0); same(events(i), [(1, 2, '')]); os.pwrite(g, b'y', 0); same(events(i), [(2, 2, '')])
            put('else/c', 'y'); same([e for e in events(i) if e[1] & 2], [(3, 2, '')]); os.close(f); same(events_until(i, (1, 0x8000, '')), [(1, 8, ''), (1, 0x400, ''), (1, 0x8000, '')])
        """);

    [FactWith("python3")]
    public void EventsNotReadAreTold()
    {
        using var program = new SelfCheckingProgram(Calls + """
                i = libc.inotify_init1(os.O_NONBLOCK); put('a', 'x'); libc.inotify_add_watch(i, b'a', 2); put('a', 'y')
                wait()
                assert quiet(i); put('a', 'z'); same(events(i), [(1, 2, '')])
            """);
        Assert.Contains(program.Save().Warnings, o => o.Id == "CrEventsNotRead");
        program.Restore();
        Assert.Equal("ok", program.Check());
    }

    [TheoryWith("python3"), InlineData(false), InlineData(true)]
    public void FanotifyGroups(bool newPidNamespace) => Survives(newPidNamespace, """
            call = lambda *a: libc.syscall(*[ctypes.c_long(x) if isinstance(x, int) else x for x in a]); put('file', 'x'); put('other', 'x')
            # Of other file systems what nobody does there: to run a program from /dev (FAN_OPEN_EXEC).
            g = call(300, 0x12, 0x8000); same(call(301, g, 1, 0x3b, -100, b'file'), 0); same(call(301, g, 1 | 0x20 | 0x40, 0x8, -100, b'file'), 0)
            same(call(301, g, 1 | 0x10 | 0x20 | 0x40, 0x3, -100, b'/tmp'), 0); same(call(301, g, 1 | 0x100, 0x40000000 | 0x1000, -100, b'/dev'), 0)
            keys = lambda: sorted(l for l in watches(g, 'fanotify')) if not %s else sorted(' '.join(w for w in l.split() if not w.startswith('mnt_id')) for l in watches(g, 'fanotify'))
            try: os.read(g, 65536)
            except BlockingIOError: pass
            before = keys(); same(len(before), 4)
            wait()
            same(keys(), before); assert quiet(g); put('other', 'y'); assert quiet(g); f = os.open('file', os.O_RDWR); os.write(f, b'z')
            masks, b = 0, os.read(g, 65536)
            while b: length, version, _, _, mask, fd, pid = struct.unpack('IBBHQii', b[:24]); masks |= mask; same((os.readlink('/proc/self/fd/%%d' %% fd), pid), (d + '/file', os.getpid())); b = b[length:]
            same(masks & 0x3b, 0x20)
        """.Replace("not %s", newPidNamespace ? "not True" : "not False", StringComparison.Ordinal).Replace("%%", "%", StringComparison.Ordinal));

    /// <summary>tail -F watches its file and its directory: it sees what is appended, and the file that takes the name.</summary>
    [TheoryWith("python3", "tail"), InlineData(false), InlineData(true)]
    public void TailFollowsAfterwards(bool newPidNamespace) => Survives(newPidNamespace, """
            import subprocess; put('log', 'one\n'); out = os.open('out', os.O_WRONLY | os.O_CREAT); child = os.fork()
            if child == 0: os.dup2(out, 1); os.execvp('tail', ['tail', '-F', 'log'])
            os.close(out); has = lambda text: open('out').read() == text
            def awaits(text):
                for _ in range(2000):
                    if has(text): return
                    time.sleep(0.01)
                same(open('out').read(), text)
            awaits('one\n')
            def watched():
                for n in os.listdir('/proc/%d/fd' % child):
                    try: found = 'inotify wd' in open('/proc/%d/fdinfo/%s' % (child, n)).read()
                    # It looks at its file once more, and closes that again.
                    except FileNotFoundError: continue
                    if found: return True
                return False
            while not watched(): time.sleep(0.01)
            wait()
            put('log', 'two\n'); awaits('one\ntwo\n'); os.rename('log', 'log.1'); put('log', 'three\n'); awaits('one\ntwo\nthree\n'); os.kill(child, 15); same(os.wait(), (child, 15))
        """);
}
