using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Trees whose tasks are in several mount namespaces: each comes back with its mounts, and files on the mounts that they were opened on.</summary>
public class MountNamespaceTests
{
    /// <summary>A task beside the root's others that answers from its own mount namespace when the root asks it.</summary>
    private const string Apart = """
        import mmap
        def apart(enter, see):
            a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            pid = os.fork()
            if pid == 0:
                a.close(); enter(); b.send(b'there')
                while b.recv(1): b.send(json.dumps(see()).encode())
                os._exit(0)
            b.close(); assert a.recv(9) == b'there'
            def ask(): a.send(b'?'); return json.loads(a.recv(1 << 20))
            return pid, ask
        def mounts():
            return sorted([f[4], f[3], f[5], f[f.index('-') + 1]] for f in (l.split() for l in open('/proc/self/mountinfo')))
        def own(fd):
            # On a mount of the namespace that this task is in.
            mount = next(l.split()[1] for l in open(f'/proc/self/fdinfo/{fd}') if l.startswith('mnt_id'))
            return any(l.split()[0] == mount for l in open('/proc/self/mountinfo'))
        def where(pid='self'): return os.readlink(f'/proc/{pid}/ns/mnt')
        kept = open(folder + '/outer', 'w+'); kept.write('outer'); kept.flush()

        """;

    private const string Enter = """
        def enter():
            global inner, seen, at, null, bound, gone, held
            assert libc.unshare(0x20000) == 0
            assert os.system('mount --make-rprivate / && mount -t tmpfs -o size=4m apart /mnt && mkdir /mnt/d && mount --bind /usr /usr && mount -o remount,bind,ro /usr && mount --bind /mnt/d /srv') == 0
            inner = open('/mnt/d/file', 'w+'); inner.write('inner'); inner.flush(); inner.seek(3)
            seen = mmap.mmap(inner.fileno(), 5)
            at = os.open('/mnt', os.O_RDONLY | os.O_DIRECTORY); null = os.open('/', os.O_PATH)
            bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); bound.bind('/mnt/d/socket'); os.chmod('/mnt/d/socket', 0o640)
            gone = open('/mnt/d/gone', 'w+'); gone.write('gone'); gone.flush(); held = mmap.mmap(gone.fileno(), 4); os.unlink('/mnt/d/gone')
            os.chdir('/mnt/d')
        def see():
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as c: c.sendto(b'heard', '/srv/socket')
            return {'gone': [os.pread(gone.fileno(), 9, 0).decode(), bytes(held).decode(), os.fstat(gone.fileno()).st_nlink, own(gone.fileno())], 'socket': [bound.recv(9).decode(), bound.getsockname(), os.stat('/mnt/d/socket').st_mode], 'file': os.pread(inner.fileno(), 9, 0).decode(), 'map': bytes(seen).decode(), 'offset': inner.tell(), 'outer': os.pread(kept.fileno(), 9, 0).decode(),
                'cwd': os.getcwd(), 'names': sorted(os.listdir(at)), 'mounts': mounts(), 'own': [own(inner.fileno()), own(at), own(null), own(kept.fileno())], 'parents': where() == where(os.getppid()),
                'same': os.path.samefile('/srv/file', inner.fileno()), 'read-only': not os.access('/usr', os.W_OK), 'exe': os.readlink('/proc/self/exe'), 'maps': [l.split(None, 5)[5:] for l in open('/proc/self/maps') if '/mnt' in l]}
        pid, ask = apart(enter, see)
        def follow():
            f = os.open(f'/proc/{pid}/ns/mnt', 0); assert libc.setns(f, 0x20000) == 0; os.close(f); os.chdir('/srv')
        other, ask_other = apart(follow, lambda: {'cwd': os.getcwd(), 'together': where() == where(pid), 'file': open('/mnt/d/file').read(), 'outer': own(kept.fileno())})
        looked = look
        def look(): return {**looked(), 'there': ask(), 'beside': ask_other(), 'here': [os.path.exists('/mnt/d'), os.access('/usr', os.W_OK), mounts()]}

        """;

    [TheoryInNamespaces]
    [InlineData("")]
    [InlineData("-m")]
    [InlineData("-pfmuin --mount-proc")]
    [InlineData("-pfmuinU -r --mount-proc")]
    public void EachTaskIsInItsOwnAgain(string unshare)
    {
        using var tree = new ContainedTree(unshare, Apart + Enter);
        var there = tree.Before.GetProperty("there");
        Assert.Equal("[true,true,true,false]", there.GetProperty("own").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.True(tree.Before.GetProperty("beside").GetProperty("together").GetBoolean());
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        var pids = restored.Tasks.Select(t => ContainedTree.Namespace(t.Pid, "mnt")).Where(n => n != "none").Distinct();
        Assert.Equal(2, pids.Count());
        Assert.False(Directory.Exists("/mnt/d"));
        // It may have the pid of the program that was started, of which the runtime knows that it has ended.
        using var watch = ProcessWatch.Open(restored.Root.Pid);
        tree.Say("end");
        Assert.Equal(5 << 8, watch.WaitForEnd(CancellationToken.None));
    }

    /// <summary>A root in memory, some of it shared by two namespaces that pass mounts on to each other, and some of it the second's alone.</summary>
    [FactInNamespaces]
    public void PeerGroupsReachFromOneToTheOther()
    {
        using var tree = new ContainedTree("-pfmuin --mount-proc", Apart + """
            assert os.system('mount --make-rprivate / && mount -t tmpfs both /mnt && mount --make-shared /mnt && mkdir /mnt/a /mnt/b /mnt/c && mount -t tmpfs low /mnt/b && echo low >/mnt/b/f') == 0
            def enter():
                global low
                assert libc.unshare(0x20000) == 0
                assert os.system('mount --make-slave /mnt/b && mount --bind /mnt/a /srv && mount -t tmpfs own /media && echo own >/media/f') == 0
                low = open('/mnt/b/f', 'a+')
            def groups():
                return sorted([f[4], [o.split(':')[0] for o in f[6:f.index('-')]]] for f in (l.split() for l in open('/proc/self/mountinfo')) if f[4].startswith(('/mnt', '/srv')))
            def see(): return {'mounts': mounts(), 'groups': groups(), 'own': own(low.fileno()), 'low': open('/mnt/b/f').read(), 'media': os.listdir('/media'), 'a': os.listdir('/mnt/a'), 'f': os.listdir('/mnt/c')}
            pid, ask = apart(enter, see)
            def look_after():
                d = {'there': ask(), 'here': [mounts(), groups(), os.listdir('/media')]}
                if os.path.exists(folder + '/go'):
                    # One file system, and one group, whichever namespace is asked.
                    open('/mnt/a/late', 'w').close(); assert os.system('mount -t tmpfs late /mnt/c && echo >/mnt/c/late; echo more >>/mnt/b/f') == 0
                    d['later'] = ask()
                return d
            looked = look
            def look(): return {**looked(), **look_after()}

            """);
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.Say("go");
        var after = tree.Hear("after");
        foreach (var name in (ReadOnlySpan<string>)["there", "here"])
            Assert.Equal(tree.Before.GetProperty(name).GetRawText(), after.GetProperty(name).GetRawText());
        var later = after.GetProperty("later");
        Assert.Equal("[\"late\"]", later.GetProperty("a").GetRawText());
        Assert.Equal("[\"late\"]", later.GetProperty("f").GetRawText());
        Assert.Equal("low\nmore\n", later.GetProperty("low").GetString());
    }

    /// <summary>The proc that passes in the root's namespace is gone from the other one, too, which has its own.</summary>
    [TheoryInNamespaces]
    [InlineData("-pfmuin --mount-proc")]
    [InlineData("-pfmuinU -r --mount-proc")]
    public void ProcIsWhereItWas(string unshare)
    {
        using var tree = new ContainedTree(unshare, Apart + """
            alone = True
            top = os.path.dirname(folder)
            assert os.system(f'mount --make-rprivate / && mount -t tmpfs new /media && cd /media && mkdir -p old proc dev mnt .{top} && touch dev/null && mount --bind /dev/null dev/null && mount --bind {top} .{top} && mount -t proc proc proc && for d in /usr /lib /lib64 /bin /etc {sys.prefix}; do test -e .$d || {{ mkdir -p .$d && mount --rbind $d .$d; }}; done && pivot_root . old && umount -l old') == 0
            os.chdir('/'); null = os.open('/dev/null', os.O_RDWR); os.dup2(null, 0); os.dup2(null, 1); os.dup2(null, 2)
            def enter():
                global inner
                assert libc.unshare(0x20000) == 0 and os.system('mount -t tmpfs inner /mnt') == 0
                inner = open('/mnt/file', 'w+'); inner.write('inner'); inner.flush()
            pid, ask = apart(enter, lambda: {'mounts': mounts(), 'file': os.pread(inner.fileno(), 9, 0).decode(), 'own': own(inner.fileno())})
            while libc.umount2(b'/proc', 2) == 0: pass
            def look(): return {'there': ask(), 'here': os.listdir('/proc')}

            """);
        Assert.Equal("[]", tree.Before.GetProperty("here").GetRawText());
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    [TheoryInNamespaces]
    [InlineData("import ctypes; libc.inotify_add_watch(libc.inotify_init(), b'/mnt', 0x100)", "CrMountNamespaceFile")]
    [InlineData("f = open('/mnt/lost', 'w'); os.link('/mnt/lost', '/mnt/left'); os.unlink('/mnt/lost')", "CrMountNamespaceFile")]
    [InlineData("os.mkfifo('/mnt/fifo'); f = os.open('/mnt/fifo', os.O_RDWR)", "CrMountNamespaceFile")]
    [InlineData("os.mkdir('/mnt/d'); os.chdir('/mnt/d'); os.rmdir('/mnt/d')", "CrMountNamespaceFile")]
    [InlineData("os.system('mount -t tmpfs none /proc')", "CrMountNotSaved")]
    [InlineData("f = apart(lambda: libc.unshare(0x20000), lambda: 1)", "CrMountNotSaved")]
    public void WhatIsNotSavedThereIsNamed(string what, string id)
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Apart + "def enter():\n    global f\n    assert libc.unshare(0x20000) == 0 and os.system('mount --make-rprivate / && mount -t tmpfs none /mnt') == 0\n    " + what + "\npid, ask = apart(enter, lambda: 1)\n");
        var refused = Assert.Throws<CrPreflightException>(() => tree.Checkpoint(stop: true));
        Assert.All(refused.Obstacles.Where(o => o.Severity == ObstacleSeverity.Error), o => Assert.Equal(id, o.Id));
        Assert.False(File.Exists(tree.Image));
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    /// <summary>A file that only the other namespace shows is looked for before anything is made.</summary>
    [FactInNamespaces]
    public void AFileThatIsGoneIsMissedBeforehand()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Apart + """
            os.mkdir(folder + '/from'); open(folder + '/from/f', 'w').close()
            def enter():
                global f
                assert libc.unshare(0x20000) == 0 and os.system(f'mount --make-rprivate / && mount --bind {folder}/from /mnt') == 0
                f = open('/mnt/f')
            pid, ask = apart(enter, lambda: 1)

            """);
        tree.Checkpoint(stop: true);
        File.Delete(Path.Combine(tree.Folder, "from/f"));
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal("CrFileMissing", obstacle.Id);
        Directory.Delete(Path.Combine(tree.Folder, "from"));
        Assert.Contains(Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles, o => o.Id == "CrMountSource");
    }
}
