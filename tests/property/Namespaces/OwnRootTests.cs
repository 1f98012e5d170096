using System.Diagnostics;
using CrCore;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;
using CrProperty.Kernel;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Containers whose mount namespace has a root of its own (pivot_root), in memory, with what programs put there.</summary>
public class OwnRootTests
{
    /// <summary>
    /// A root in memory, /usr from this machine and not to be written to, /run in memory, terminals of its own, and a directory of this
    /// machine by which program and test hear of each other.
    /// </summary>
    private const string Prepare = """
        import hashlib, stat
        box = folder + '/box'
        steps = f'''
        set -e
        mount --make-rprivate / && mkdir {box} && mount -t tmpfs -o mode=755,size=16m box {box} && cd {box}
        mkdir -p usr proc run dev/pts dev/shm old tmp .{folder}
        for d in bin sbin lib lib64; do ln -s usr/$d $d; done
        mount --bind /usr usr && mount -o remount,bind,ro,nosuid usr
        mount -t tmpfs -o mode=751 run run && mount -t tmpfs shm dev/shm && mount --make-shared dev/shm
        touch dev/null && mount --bind /dev/null dev/null
        mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts && ln -s pts/ptmx dev/ptmx
        mount --bind {folder} .{folder}
        pivot_root . old && mount -t proc proc /proc
        mkdir -p /run/sub /tmp/again && mount --bind /run/sub /tmp/again
        mkdir /run/under && echo covered >/run/under/file && mount -t tmpfs over /run/under && chmod 711 /run/under
        mkdir /run/peer /run/peer/one /run/peer/two && mount -t tmpfs peer /run/peer/one && mount --make-shared /run/peer/one
        mount --bind /run/peer/one /run/peer/two && mount -o remount,bind,ro /run/peer/two
        mkdir /run/hidden /run/alias && mount -t tmpfs hidden /run/hidden && mkdir /run/hidden/d && echo deep >/run/hidden/d/file
        mount --bind /run/hidden/d /run/alias && mount -o remount,ro /run/hidden && mount -t tmpfs cover /run/hidden
        umount -l /old && rmdir /old
        '''
        assert os.system(steps) == 0
        os.makedirs('/run/a/b'); os.chmod('/run/a', 0o1777); os.chown('/run/a/b', 0, 0)
        with open('/run/a/data', 'wb') as f: f.write(b'head' * 1000); f.seek(1 << 20); f.write(b'tail')
        os.link('/run/a/data', '/run/a/b/again'); os.symlink('../a/data', '/run/a/link'); os.mkfifo('/run/a/fifo', 0o640)
        with open('/tmp/again/seen', 'w') as f: f.write('twice')
        listener = socket.socket(socket.AF_UNIX); listener.bind('/run/a/socket'); listener.listen(3)
        kept = open('/run/a/data', 'rb'); kept.seek(2)
        gone = open('/dev/shm/gone', 'w+'); gone.write('still here'); gone.flush(); os.unlink('/dev/shm/gone')
        master, slave = os.openpty()
        os.chdir('/run/a/b')
        def told(path):
            s = os.lstat(path)
            what = os.readlink(path) if os.path.islink(path) else hashlib.sha256(open(path, 'rb').read()).hexdigest() if os.path.isfile(path) else ''
            return [path, oct(s.st_mode), s.st_uid, s.st_nlink if not os.path.isdir(path) else 0, s.st_size if os.path.isfile(path) else 0, 0 if stat.S_ISDIR(s.st_mode) or stat.S_ISSOCK(s.st_mode) else s.st_mtime_ns, what]
        def mounts():
            return sorted([f[4], f[5], f[-3], 'shared' if f[6].startswith('shared') else ''] for f in (l.split() for l in open('/proc/self/mountinfo')))
        looked = look
        def look():
            d = looked()
            d['mounts'] = mounts()
            d['files'] = [told(os.path.join(at, n)) for at, dirs, files in sorted(os.walk('/run')) for n in sorted(dirs + files)] + [told('/run'), told('/tmp/again/seen'), told('/dev/ptmx')]
            d['group'] = len({f for l in open('/proc/self/mountinfo') if '/run/peer' in l for f in l.split() if f.startswith('shared:')})
            d['open'] = [kept.tell(), os.path.sameopenfile(kept.fileno(), os.open('/run/a/b/again', 0)), os.pread(gone.fileno(), 100, 0).decode(), os.ttyname(slave), os.getcwd()]
            with socket.socket(socket.AF_UNIX) as c: c.connect('/run/a/socket'); listener.accept()[0].close()
            return d

        """;

    [TheoryInNamespaces]
    [InlineData("-pfmuin --mount-proc")]
    [InlineData("-pfmuinU -r --mount-proc")]
    public void ARootOfItsOwnComesBackWithItsMountsAndFiles(string unshare)
    {
        using var tree = new ContainedTree(unshare, Prepare, become: "env");
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        Assert.Equal(1, restored.Root.VPid);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        Assert.Equal(7, tree.Hear("zombie").GetInt32());
        using (var umount = Process.Start("nsenter", ["-t", $"{restored.Root.Pid}", "-m", "umount", "/run/under"]))
            umount.WaitForExit();
        Assert.Equal("covered\n", File.ReadAllText($"/proc/{restored.Root.Pid}/root/run/under/file"));
        using (var umount = Process.Start("nsenter", ["-t", $"{restored.Root.Pid}", "-m", "umount", "/run/hidden"]))
            umount.WaitForExit();
        var (below, alias) = ($"/proc/{restored.Root.Pid}/root/run/hidden/d/file", $"/proc/{restored.Root.Pid}/root/run/alias/file");
        Assert.Equal("deep\n", File.ReadAllText(below));
        Assert.Equal(Identity(below), Identity(alias));
        Assert.Throws<IOException>(() => File.WriteAllText(below, ""));
        // What was put together for it is in its namespace alone.
        Assert.DoesNotContain("/box", File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
    }

    private static (ulong, ulong) Identity(string path) => FileStatus.Read(path, out var status) == Errno.None ? (status.Device, status.Inode) : throw new FileNotFoundException(path);

    /// <summary>Beside the original, and again: nothing of one tree's mounts is the other's.</summary>
    [FactInNamespaces]
    public void SeveralOfOneImage()
    {
        using var tree = new ContainedTree("-pfmuin --mount-proc", Prepare, become: "env");
        tree.Checkpoint(stop: false);
        var (first, second) = (tree.Restore(), tree.Restore());
        File.WriteAllText($"/proc/{first.Root.Pid}/root/run/first", "");
        Assert.False(File.Exists($"/proc/{second.Root.Pid}/root/run/first"));
        Assert.False(File.Exists($"/proc/{tree.Root}/root/run/first"));
        tree.Say("go");
        tree.Hear("after");
    }

    [FactInNamespaces]
    public void AMountBesideThoseOfThisMachine()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", "assert os.system('mount -t tmpfs -o size=1m box /mnt') == 0\nopen('/mnt/f', 'w').write('kept')\nlooked = look\ndef look(): return {**looked(), 'kept': open('/mnt/f').read()}\n");
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        Assert.False(File.Exists("/mnt/f"));
    }

    /// <summary>A restore needs one, and takes it away again: deleted files are opened by way of proc.</summary>
    [TheoryInNamespaces]
    [InlineData("-pfm --mount-proc")]
    [InlineData("-pfmU -r --mount-proc")]
    public void WithoutAProc(string unshare)
    {
        using var tree = new ContainedTree(unshare, """
            box = folder + '/box'
            steps = f'''
            set -e
            mount --make-rprivate / && mkdir {box} && mount -t tmpfs box {box} && cd {box} && mkdir -p usr proc old dev .{folder}
            for d in bin sbin lib lib64; do ln -s usr/$d $d; done
            mount --bind /usr usr && mount --bind {folder} .{folder} && touch dev/null && mount --bind /dev/null dev/null && pivot_root . old
            '''
            assert os.system(steps) == 0
            os.chdir('/')
            assert libc.umount2(b'/old', 2) == 0
            gone = open('/gone', 'w+'); gone.write('still here'); gone.flush(); os.unlink('/gone')
            def look(): return [os.getpid(), os.path.exists('/proc/self'), os.pread(gone.fileno(), 100, 0).decode()]

            """, become: "env");
        Assert.Equal("[1, false, \"still here\"]", tree.Before.GetRawText());
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        Assert.DoesNotContain(" /proc ", File.ReadAllText($"/proc/{restored.Root.Pid}/mountinfo"), StringComparison.Ordinal);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        Assert.Equal(7, tree.Hear("zombie").GetInt32());
    }

    /// <summary>Nobody can connect to one that is connected: its address is all that counts of the file.</summary>
    [FactInNamespaces]
    public void AConnectedSocketWhoseFileIsCovered()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", """
            os.mkdir(folder + '/covered'); os.chdir(folder)
            listener = socket.socket(socket.AF_UNIX); listener.bind('covered/socket'); listener.listen(1)
            near = socket.socket(socket.AF_UNIX); near.connect('covered/socket'); far = listener.accept()[0]; listener.close()
            assert os.system('mount -t tmpfs over covered') == 0
            looked = look
            def look(): near.send(b'word'); return {**looked(), 'far': [far.recv(10).decode(), far.getsockname(), near.getpeername(), os.listdir('covered')]}

            """);
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    [FactInNamespaces]
    public void WhatIsMountedFromThisMachineMustBeThere()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", "os.mkdir(folder + '/from'); os.mkdir(folder + '/to')\nassert os.system(f'mount --bind {folder}/from {folder}/to && mount -t tmpfs none /mnt') == 0\n");
        tree.Checkpoint(stop: true);
        Directory.Delete(Path.Combine(tree.Folder, "from"));
        var refused = Assert.Throws<CrPreflightException>(() => tree.Restore());
        var obstacle = Assert.Single(refused.Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal(("CrMountSource", $"mount {tree.Folder}/to"), (obstacle.Id, obstacle.Object));
        File.WriteAllText(Path.Combine(tree.Folder, "from"), "");
        Assert.Equal("CrMountSource", Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles, o => o.Severity == ObstacleSeverity.Error).Id);
    }

    [FactInNamespaces]
    public void FilesInMemoryHaveABound()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", "assert os.system('mount -t tmpfs none /mnt && head -c 100000 /dev/zero >/mnt/f') == 0");
        var checkpoint = new TreeCheckpoint(new CheckpointOptions { Stop = true, MaxDeletedFileBytes = 65536 });
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => checkpoint.Run(tree.Root, tree.Image)).Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal(("CrMountTooLarge", "mount /mnt"), (obstacle.Id, obstacle.Object));
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    /// <summary>A file system of a user namespace takes no files of a user whom that one does not know, be it this machine's root.</summary>
    [RootFact]
    public void FilesAreMadeByOneWhomTheirFileSystemKnows()
    {
        using var folder = new Module.ScratchFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0x1ed);
        Directory.CreateDirectory(folder.File("run"));
        MountedFileRecord Of(uint objRef, string name, uint mode, uint uid, string sameAs = "") => new(objRef, 0, mode, uid, uid + 1, mode >> 12 == 8 ? 4 : 0, 0, 5_000_000_000, 0, name, sameAs);
        var tree = MountTree.None with
        {
            Mounts = [new(1, MountOrigin.New, true, false, false, 0, 0, 0, "/run", "none", "tmpfs", "")],
            Files = [Of(1, "/run", 0x4000 | 0x16d, 7), Of(2, "/run/d", 0x4000 | 0x140, 8), Of(3, "/run/d/f", 0x8000 | 0x100, 9), Of(4, "/run/d/g", 0x8000 | 0x100, 9, "/run/d/f"), Of(5, "/run/p", 0x1000 | 0x1b6, 10)],
            Contents = new[] { new FileDataRecord(3, 0, "text"u8.ToArray()) }.ToLookup(f => f.Object),
        };
        new MountedFilesMaker(tree, folder.Path, (4242, 4343)).Make(0);
        foreach (var file in tree.Files)
        {
            Assert.Equal(Errno.None, FileStatus.Read(folder.Path + file.Name, out var made, follow: false));
            Assert.Equal((file.Mode, file.Uid, file.Gid, file.ModifiedNs), (made.Mode, made.Uid, made.Gid, made.ModifiedNs));
        }
        Assert.Equal("text", File.ReadAllText(folder.File("run/d/g")));
        File.WriteAllText(folder.File("after"), "");
        FileStatus.Read(folder.File("after"), out var after);
        Assert.Equal((0u, 0u), (after.Uid, after.Gid));
    }
}
