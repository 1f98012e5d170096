using CrCore;
using CrProperty.Memory;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Trees in a user namespace that knows many ids, by other numbers than this machine, and in a network namespace of that.</summary>
public class MappedUserTests
{
    /// <summary>The program enters the namespaces, and a child that stayed outside gives it its ids.</summary>
    private const string Enter = """
        go, went = os.pipe()
        helper = os.fork()
        if helper == 0:
            os.read(go, 1)
            for name in 'uid_map', 'gid_map':
                with open(f'/proc/{os.getppid()}/{name}', 'w') as f: f.write('0 100000 65536')
            os._exit(0)
        assert libc.unshare(0x10000000 | 0x40000000) == 0
        os.write(went, b'x'); os.waitpid(helper, 0); os.close(go); os.close(went)
        os.setresgid(0, 0, 0); os.setresuid(0, 0, 0)

        """;

    private const string Prepare = Enter + """
        with open('/proc/sys/net/ipv4/ping_group_range', 'w') as f: f.write('0 40000')
        os.setegid(4000); os.seteuid(5000)
        pair = socket.socketpair()
        os.seteuid(0); os.setegid(0)
        ping = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
        pair[0].send(b'still here')
        looked = look
        def look():
            print('seen', file=sys.stderr, flush=True)
            with open('/proc/sys/net/ipv4/ping_group_range') as f: groups = f.read().split()
            creator = struct.unpack('3i', pair[1].getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:]
            return {**looked(), 'groups': groups, 'creator': creator, 'ping': ping.getsockname(), 'waits': pair[1].recv(100, socket.MSG_PEEK).decode()}

        """;

    /// <summary>
    /// What the root makes as another user costs it its dumpable flag, without which no other puppet of that user namespace may fetch it; and
    /// groups in sysctls are the namespace's own numbers. Nor may that user namespace open the log that the program opened outside.
    /// </summary>
    [FactInNamespaces]
    public void SocketsMadeByAnotherUserAndSysctlsOfGroupsComeBack()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Prepare, become: "env");
        Assert.Equal(["0", "40000"], tree.Before.GetProperty("groups").EnumerateArray().Select(e => e.GetString()));
        Assert.Equal([5000, 4000], tree.Before.GetProperty("creator").EnumerateArray().Select(e => e.GetInt32()));
        tree.Checkpoint(stop: true);
        var log = Path.Combine(tree.Folder, "out");
        Assert.Contains(tree.Restore().Warnings, w => w.Id == "CrFileFromOutside" && w.Object.EndsWith($"({log})", StringComparison.Ordinal));
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        // It was this user's before the program became another.
        Assert.Equal("seen\nseen\n", File.ReadAllText(log));
    }

    /// <summary>CAP_CHECKPOINT_RESTORE must be had in the user namespace that the pid namespace belongs to (alloc_pid in kernel/pid.c).</summary>
    [FactInNamespaces]
    public void PidsOfThisMachineCannotBeGivenFromWithin()
    {
        using var tree = new ContainedTree("", Prepare, become: "env");
        tree.Checkpoint(stop: true);
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal("CrUserNamespacePids", obstacle.Id);
    }

    /// <summary>
    /// Memory of huge pages has no name that a user namespace may open (map_files takes a capability in the initial one): the restoring program
    /// hands it to each task that maps it.
    /// </summary>
    [FactWithHugePages("python3", "unshare")]
    public void HugePagesOfTwoTasksComeBack()
    {
        using var tree = new ContainedTree("-pfm --mount-proc", Enter + """
            import mmap
            size, huge = 2 << 20, 0x40000
            shared = mmap.mmap(-1, 2 * size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | huge)
            fd = libc.memfd_create(b'large', 4); os.ftruncate(fd, size)
            file = mmap.mmap(fd, size); os.close(fd)
            shared[-3:] = b'end'; file[:4] = b'file'
            mine_end, other_end = socket.socketpair()
            if os.fork() == 0:
                while True:
                    shared[:8] = other_end.recv(8)
                    other_end.send(shared[-3:] + file[:4])
            looked = look
            def look():
                word = os.urandom(8); mine_end.send(word); heard = mine_end.recv(100).decode()
                maps = [' '.join(l.split()[1:4] + l.split()[5:]) for l in open('/proc/self/maps') if 'hugepage' in l or 'large' in l]
                return {**looked(), 'heard': heard, 'shared': shared[:8] == word, 'maps': maps}

            """, become: "env");
        Assert.Equal("endfile", tree.Before.GetProperty("heard").GetString());
        Assert.True(tree.Before.GetProperty("shared").GetBoolean());
        Assert.Equal(2, tree.Before.GetProperty("maps").GetArrayLength());
        tree.Checkpoint(stop: true);
        tree.Restore();
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
    }

    /// <summary>Attached before the program entered its user namespace, in which it could not have been made (can_do_hugetlb_shm).</summary>
    [FactWithHugePages("python3", "unshare")]
    public void ASegmentOfHugePagesCannotBeMadeFromWithin()
    {
        using var tree = new ContainedTree("-pfmi --mount-proc", """
            libc.shmat.restype = ctypes.c_void_p
            segment = libc.shmget(0, 2 << 20, 0o5666)
            assert segment >= 0 and libc.shmat(segment, None, 0)

            """ + Enter, become: "env");
        tree.Checkpoint(stop: true);
        var obstacle = Assert.Single(Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles, o => o.Severity == ObstacleSeverity.Error);
        Assert.Equal("CrSystemVRights", obstacle.Id);
    }
}
