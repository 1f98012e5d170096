using CrCore;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
using CrCore.Restore;
using CrFuzz;
using CrProperty.Objects;
using FsCheck.Xunit;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>What leads packets in a network namespace of a tree's own comes back with the tree, as ip(8) shows it.</summary>
public class OwnNetworkTests
{
    private const string Look = """

        import re, subprocess
        # What lasts, without what goes on by itself: times that run, states of the link and routes that the kernel makes as they change.
        moves = r'valid_lft \d+sec preferred_lft \d+sec|expires \d+sec|\w+_timer +[\d.]+| state [A-Z]+|NO-CARRIER,| linkdown| tentative| qdisc \w+|designated_root \S+|bridge_id \S+|designated_bridge \S+| state (forwarding|disabled)'
        def shown(*command):
            text = re.sub(moves, '', subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            return [line.strip() for line in text.splitlines() if command[1] != '-6' or ('table local' not in line and 'multicast' not in line)]
        names = lambda: [shown('ip', *what.split()) for what in ('-d link', 'addr', '-4 route show table all', '-6 route show table all', 'rule', '-6 rule', 'neigh show nud permanent')]

        """;

    [TheoryInNamespaces]
    [InlineData("-muin", "ip link set lo up && ip addr add 10.1.2.3/24 dev lo && ip addr add 10.1.2.4/24 dev lo && ip addr add 10.9.9.9 peer 10.9.9.10 dev lo label lo:x && ip -6 addr add 2001:db8::1/64 dev lo && ip -6 addr add 2001:db8::2/64 dev lo valid_lft 100000 preferred_lft 50000", "secondary")]
    [InlineData("-muin", "ip link set lo up && ip route add 10.7.0.0/16 via 10.5.0.1 onlink dev lo && ip route add 10.5.0.0/16 dev lo && ip route add 10.6.0.0/16 via 10.5.0.1 mtu 1400 && ip route add unreachable 10.8.0.0/16 metric 77", "10.6.0.0/16 via 10.5.0.1 dev lo mtu 1400")]
    [InlineData("-muin", "ip link set lo up && ip route add 10.5.0.0/16 dev lo table 77 && ip rule add priority 77 to 10.5.0.0/16 lookup 77 && ip rule add priority 78 not from 10.5.0.0/16 goto 32766 && ip -6 rule add priority 5 fwmark 3/7 prohibit && ip rule del priority 32767", "77:\\tfrom all to 10.5.0.0/16 lookup 77")]
    [InlineData("-muin", "ip link set lo up && ip addr add 10.5.0.1/16 dev lo && ip route add 10.6.0.0/16 proto static scope global nexthop via 10.5.0.2 dev lo weight 3 nexthop via 10.5.0.3 dev lo && ip -6 route add unreachable 2001:db8:8::/48", "weight 3")]
    [InlineData("-muin", "ip link set lo up && ip addr del 127.0.0.1/8 dev lo && ip addr add 127.0.0.2/8 dev lo && ip route del local 127.0.0.0/8 dev lo table local", "127.0.0.2/8")]
    [InlineData("-muin", "ip addr add 10.1.2.3/24 dev lo", "10.1.2.3/24")]
    [InlineData("-muin", "ip link set lo up && ip addr add 10.1.2.3/24 dev lo && ip neigh add 10.1.2.77 lladdr 2:1:2:3:4:5 nud permanent dev lo", "dev lo lladdr 02:01:02:03:04:05 PERMANENT")]
    [InlineData("-muinU -r", "ip link set lo up && ip addr add 10.1.2.3/24 dev lo && ip route add default via 10.1.2.7", "default via 10.1.2.7")]
    public void WhatLeadsPacketsIsKept(string unshare, string command, string shows)
    {
        using var tree = new ContainedTree(unshare, $"alone = True\nassert os.system('{command}') == 0\n{Look}");
        Assert.Contains(shows, tree.Before.GetRawText());
        Assert.Empty(tree.Checkpoint(stop: true).Warnings);
        AssertGoesOn(tree, tree.Restore());
    }

    /// <summary>With the indexes and addresses that they had, in their order upon each other, and what is set of each.</summary>
    [TheoryInNamespaces]
    [NetworkData("ip link add br0 type bridge ageing_time 12300 priority 100 mcast_snooping 0 && ip link add v0 index 77 type veth peer name v1 index 78 && ip link set v0 master br0 && ip link set v0 type bridge_slave cost 7 hairpin on"
        + " && ip link set br0 addrgenmode none && ip link set v0 addrgenmode none && ip link set v1 addrgenmode none && ip link set v1 address 2:1:2:3:4:5 mtu 1400 txqueuelen 77 alias other up && ip link set v0 up && ip link set br0 up"
        + " && ip addr add 10.1.2.3/24 dev br0 && ip addr add 10.7.2.3/24 dev v1 && ip route add default via 10.7.2.7 && ip neigh add 10.7.2.77 lladdr 2:1:2:3:4:6 nud permanent dev v1"
        + " && ip -6 addr add 2001:db8::1/64 nodad dev v1 && ip -6 route add 2001:db8:7::/48 via 2001:db8::7 metric 5", "-muin", "78: v1@v0:")]
    [NetworkData("ip link add br0 type bridge && ip link set br0 addrgenmode none up && ip link add v0 type veth peer name v1 && ip link set v1 master br0", "-muinU -r", "bridge_slave")]
    [NetworkData("ip link add v0 type veth peer name v1 && ip link add link v0 name m0 type macvlan mode private && ip link set v0 addrgenmode none up && ip link set m0 addrgenmode none && ip link set m0 address 2:7:7:7:7:7 up && ip addr add 10.1.2.3/24 dev m0", "-muin", "macvlan mode private")]
    [NetworkData("ip link add i0 type ifb && ip link set i0 mtu 1300 promisc on && ip link set lo up && ip link set lo mtu 9000", "-muin", "PROMISC")]
    [NetworkData("ip link add d0 type dummy && ip link add link d0 name d0.7 type vlan id 7 && ip link set d0 addrgenmode none up && ip link set d0.7 addrgenmode none up", "-muin", "vlan protocol 802.1Q id 7")]
    [NetworkData("ip link add v0 type veth peer name v1 && ip link add link v0 name i0 type ipvlan mode l3 && ip link set i0 addrgenmode none up", "-muin", "ipvlan")]
    public void InterfacesAreMadeAgain(string command, string unshare, string shows) => WhatLeadsPacketsIsKept(unshare, command, shows);

    /// <summary>Devices that go with the program, one with two queues, one that stays, with addresses and routes upon them.</summary>
    [TheoryInNamespaces]
    [NetworkData("ip tuntap add dev t9 mode tap", "-muin", "")]
    [NetworkData("ip tuntap add dev t9 mode tun", "-muinU -r", "")]
    public void TunDevicesAreMadeAgain(string command, string unshare, string _)
    {
        using var tree = new ContainedTree(unshare, $"alone = True\nassert os.system('{command}') == 0\n{Look}" + """
            def attach(name, flags):
                fd = os.open('/dev/net/tun', os.O_RDWR); fcntl.ioctl(fd, 0x400454ca, struct.pack('16sH22x', name, flags)); return fd
            queues = [attach(b't0', 0x1001), attach(b't1', 0x1102), attach(b't1', 0x1102)]
            fcntl.ioctl(queues[2], 0x400454d9, struct.pack('16sH22x', b'', 0x400)); free = os.open('/dev/net/tun', os.O_RDWR)
            assert os.system('for t in t0 t1 t9; do ip link set $t addrgenmode none; done; ip link set t1 address 2:9:9:9:9:9 mtu 1300; ip link set t0 up && ip addr add 10.1.2.3/24 dev t0 && ip route add 10.5.0.0/16 via 10.1.2.9') == 0
            interface, shows = (lambda fd: fcntl.ioctl(fd, 0x800454d2, bytes(40)).hex()), names
            names = lambda: [shows(), [interface(fd) for fd in queues]]
            """);
        Assert.Contains("10.5.0.0/16 via 10.1.2.9 dev t0", tree.Before.GetRawText());
        tree.Checkpoint(stop: true);
        AssertGoesOn(tree, tree.Restore());
    }

    /// <summary>Group numbers are those of the tree's user namespace, whoever reads them.</summary>
    [FactInNamespaces]
    public void GroupsInSysctlsAreThoseOfTheTree()
    {
        using var tree = new ContainedTree("", """
            alone = True
            os.chmod(folder + '/out', 0o666); me, (hears, tells) = os.getpid(), os.pipe()
            mapper = os.fork()
            if mapper == 0:
                os.close(tells); os.read(hears, 1)
                for ids in ('uid', 'gid'): open('/proc/%d/%s_map' % (me, ids), 'w').write('0 100000 1000')
                os._exit(0)
            assert libc.unshare(0x50000000) == 0
            os.close(hears); os.close(tells); assert os.waitpid(mapper, 0)[1] == 0
            os.setresgid(0, 0, 0); os.setresuid(0, 0, 0); assert libc.prctl(4, 1) == 0
            with open('/proc/sys/net/ipv4/ping_group_range', 'w') as f: f.write('40 50')
            names = lambda: open('/proc/sys/net/ipv4/ping_group_range').read().split()
            """, "env");
        Assert.Contains("[\"40\", \"50\"]", tree.Before.GetRawText());
        tree.Checkpoint(stop: true);
        AssertGoesOn(tree, tree.Restore());
    }

    /// <summary>A namespace with nothing but what a new one has needs no records of it.</summary>
    [FactInNamespaces]
    public void WhatANewNetworkHasIsNotSaved()
    {
        using var tree = new ContainedTree("-muin", "alone = True\nraise_loopback()");
        tree.Checkpoint(stop: true);
        Assert.Empty(Records(tree));
    }

    /// <summary>The kernel is asked to take it in a network of its own before anything of the tree is made.</summary>
    [FactInNamespaces]
    public void WhatCannotBeMadeHereIsNamedBefore()
    {
        using var tree = new ContainedTree("-muin", "alone = True\nassert os.system('ip link set lo up && ip addr add 10.1.2.3/24 dev lo') == 0");
        tree.Checkpoint(stop: true);
        Assert.Empty(new TreeRestore(new()).Preview(tree.Image).Obstacles);
        var surgeon = new ImageSurgeon(File.ReadAllBytes(tree.Image));
        // struct ifaddrmsg: family, prefix length, then the interface's index at 4.
        var address = surgeon.Records.Where(r => r.Type == NetworkObjectRecord.Id).Select(r => (int)r.Offset + surgeon.Bytes.AsSpan((int)r.Offset, (int)r.Length).IndexOf((ReadOnlySpan<byte>)[2, 24])).First(at => surgeon.Bytes[at] == 2);
        surgeon.Put32(address + 4, 99);
        File.WriteAllBytes(tree.Image, surgeon.Reseal());
        var obstacle = Assert.Single(new TreeRestore(new()).Preview(tree.Image).Obstacles);
        Assert.Equal(("CrNetworkImpossible", "address 10.1.2.3/24"), (obstacle.Id, obstacle.Object));
        Assert.Equal("CrNetworkImpossible", Assert.Throws<CrPreflightException>(() => tree.Restore()).Obstacles[0].Id);
    }

    private static void AssertGoesOn(ContainedTree tree, RestoreResult restored)
    {
        Assert.Empty(restored.Warnings);
        using var watch = ProcessWatch.Open(restored.Root.Pid);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        // It has the pid of the program that was started, of which the runtime knows that it has ended.
        tree.Say("end");
        Assert.Equal(5 << 8, watch.WaitForEnd(CancellationToken.None));
    }

    private static IEnumerable<NetworkObjectRecord> Records(ContainedTree tree)
    {
        using var reader = new ImageReader(File.OpenRead(tree.Image));
        return [.. reader.ReadRecords().Select(r => r.Value).OfType<NetworkObjectRecord>()];
    }

    [Property]
    public void RecordsComeBack(int vpid, byte kind, byte[] rest)
    {
        var one = new NetworkObject((NetworkObjectKind)(16 + kind % 5 * 4), [2, .. new byte[15], .. rest ?? []]);
        Assert.Equal(new NetworkObjectRecord(vpid, one), RecordCode.Again(new NetworkObjectRecord(vpid, one)));
        // Any bytes can be told of and compared.
        Assert.NotEmpty(one.ToString());
    }

    [Theory]
    [InlineData(24, 11), InlineData(25, 12), InlineData(16, 12), InlineData(72, 40)]
    public void OnlyMessagesThatMakeSomething(int kind, int length)
        => Assert.Throws<CrImageException>(() => RecordCode.Again(new NetworkObjectRecord(1, new((NetworkObjectKind)kind, new byte[length]))));
}
