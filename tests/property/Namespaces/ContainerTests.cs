using CrCore;
using CrCore.Kernel;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>Trees with namespaces of their own come back in new ones of the same kinds, and see there what they saw.</summary>
public class ContainerTests
{
    private const string Names = "import socket; socket.sethostname('box'); libc.setdomainname(b'example.org', 11)\n";

    private static readonly (char Option, string Kind)[] _kinds = [('p', "pid"), ('m', "mnt"), ('u', "uts"), ('i', "ipc"), ('n', "net"), ('U', "user"), ('C', "cgroup")];

    [TheoryInNamespaces]
    [InlineData("-pf --mount-proc", "")]
    [InlineData("-pfm --mount-proc", "")]
    [InlineData("-pfu --mount-proc", Names)]
    [InlineData("-pfn --mount-proc", "")]
    [InlineData("-pfn --mount-proc", "raise_loopback()")]
    [InlineData("-pfmuinC --mount-proc", Names + "raise_loopback()")]
    [InlineData("-pfmuinU -r --mount-proc", Names + "raise_loopback()")]
    public void AContainerComesBack(string unshare, string prepare)
    {
        using var tree = new ContainedTree(unshare, prepare);
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        Assert.Equal(0, restored.NamespaceInitPid);
        Assert.Equal(1, restored.Root.VPid);
        AssertGoesOn(tree, restored, unshare);
    }

    /// <summary>In a mount namespace of the tree's own, a task whose root is another directory (chroot), its program and files outside of it.</summary>
    [TheoryInNamespaces]
    [InlineData("-pfm --mount-proc")]
    [InlineData("-pfmU -r --mount-proc")]
    public void ATaskWithARootOfItsOwnComesBackInAContainer(string unshare)
    {
        using var tree = new ContainedTree(unshare, """
            inner = os.fork()
            if inner == 0:
                os.mkdir(folder + '/root'); os.chroot(folder + '/root'); folder = '/'
                await_word('go'); tell('seen', [sorted(os.listdir('/')), os.path.exists('/proc')])
                while True: time.sleep(1000)
            while not said('root') or os.readlink('/proc/%d/root' % inner) != folder + '/root': time.sleep(0.01)
            """);
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        tree.Say("root/go");
        Assert.Equal("[[\"go\"], false]", tree.Hear("root/seen").GetRawText());
        AssertGoesOn(tree, restored, unshare);
    }

    /// <summary>
    /// Without a pid namespace of its own, a tree gets its pids back in ours. It is one process: pids of ended children
    /// stay taken until this machine's init has waited for them, and not every container's init does.
    /// </summary>
    [FactInNamespaces]
    public void ATreeWithItsOwnNamesAndNetworkKeepsItsPids()
    {
        using var tree = new ContainedTree("-muin", "alone = True\n" + Names + "raise_loopback()");
        tree.Checkpoint(stop: true);
        var restored = tree.Restore();
        Assert.Equal(tree.Root, restored.Root.Pid);
        AssertGoesOn(tree, restored, "-muin");
    }

    [FactInNamespaces]
    public void SysctlsOfItsOwnNetworkAreKept()
    {
        using var tree = new ContainedTree("-muin", """
            alone = True
            raise_loopback()
            def sysctl(name, value=None):
                with open('/proc/sys/net/' + name, 'r' if value is None else 'w') as f: return f.read().split() if value is None else f.write(value)
            changed = {'ipv4/ip_forward': '1', 'ipv4/conf/lo/forwarding': '0', 'ipv4/ip_local_port_range': '40000 50000', 'ipv4/ping_group_range': '0 100', 'core/somaxconn': '77'}
            for name, value in changed.items(): sysctl(name, value)
            names = lambda: [[name, sysctl(name)] for name in changed]
            """);
        tree.Checkpoint(stop: true);
        AssertGoesOn(tree, tree.Restore(), "-muin");
        Assert.Contains("\"40000\", \"50000\"", tree.Before.GetRawText());
    }

    /// <summary>Rules, policies, chains of one's own, and counters.</summary>
    [TheoryInNamespaces]
    [NetworkData("iptables-legacy -P FORWARD DROP && iptables-legacy -N mine && iptables-legacy -A mine -p tcp --dport 77 -j DROP && iptables-legacy -A INPUT -i lo -j mine"
        + " && iptables-legacy -A INPUT -p udp --dport 78 -j DROP && ip6tables-legacy -t mangle -A OUTPUT -d ::2 -j ACCEPT && ip6tables-legacy -L -n >/dev/null", "-A INPUT -p udp", "[2:58]")]
    public void TablesOfIptablesAreKept(string command, string rule, string counters)
    {
        using var tree = new ContainedTree("-muin", $"alone = True\nraise_loopback()\nassert os.system('{command}') == 0\n" + """
            import socket as sockets, subprocess
            for port in (78, 78, 79): sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))
            saved = lambda tool, table: [line for line in subprocess.run([tool, '-c', '-t', table], capture_output=True, text=True).stdout.splitlines() if line[:1] != '#']
            names = lambda: [saved('iptables-legacy-save', 'filter'), saved('ip6tables-legacy-save', 'mangle')]
            """);
        Assert.Contains(tree.Checkpoint(stop: true).Warnings, w => w.Id == "CrConnectionTracking");
        AssertGoesOn(tree, tree.Restore(), "-muin");
        Assert.Contains($"{counters} {rule}", tree.Before.GetRawText());
    }

    /// <summary>Tables of several families, chains with and without a hook, rules in their order, counters, comments.</summary>
    [TheoryInNamespaces]
    [NetworkData("nft add table inet guard && nft add chain inet guard own && nft add chain inet guard in { type filter hook input priority 5\\; policy drop\\; }"
        + " && nft add rule inet guard in iifname lo tcp dport 77 counter jump own && nft add rule inet guard in udp dport 78 counter drop comment number-78 && nft add rule inet guard in meta l4proto udp counter accept"
        + " && nft add rule inet guard own ct state new,established accept && nft add table ip6 other", "counter packets 2 bytes 58 drop comment", "policy drop;")]
    public void TablesOfNftAreKept(string command, string rule, string chain)
    {
        using var tree = new ContainedTree("-muin", $"alone = True\nraise_loopback()\nassert os.system('{command}') == 0\n" + """
            import socket as sockets, subprocess
            for port in (78, 78, 79): sockets.socket(sockets.AF_INET, sockets.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))
            names = lambda: subprocess.run(['nft', 'list', 'ruleset'], capture_output=True, text=True).stdout.splitlines()
            """);
        Assert.Contains(tree.Checkpoint(stop: true).Warnings, w => w.Id == "CrConnectionTracking");
        AssertGoesOn(tree, tree.Restore(), "-muin");
        Assert.Contains(rule, tree.Before.GetRawText());
        Assert.Contains(chain, tree.Before.GetRawText());
    }

    [FactInNamespaces]
    public void TwoContainersFromOneImageBesideTheOriginal()
    {
        using var tree = new ContainedTree("-pfu --mount-proc", Names);
        tree.Checkpoint(stop: false);
        var first = tree.Restore();
        var second = tree.Restore();
        Assert.Equal(3, new HashSet<string> { ContainedTree.Namespace(tree.Root, "uts"), ContainedTree.Namespace(first.Root.Pid, "uts"), ContainedTree.Namespace(second.Root.Pid, "uts") }.Count);
    }

    private static void AssertGoesOn(ContainedTree tree, RestoreResult restored, string unshare)
    {
        Assert.Empty(restored.Warnings);
        var options = unshare.Split(' ')[0] + (unshare.Contains("--mount-proc", StringComparison.Ordinal) ? "m" : "");
        foreach (var (option, kind) in _kinds)
            Assert.Equal(options.Contains(option), ContainedTree.Namespace(restored.Root.Pid, kind) != ContainedTree.Namespace(Environment.ProcessId, kind));
        using var watch = ProcessWatch.Open(restored.Root.Pid);
        tree.Say("go");
        Assert.Equal(tree.Before.GetRawText(), tree.Hear("after").GetRawText());
        Assert.Equal(7, tree.Hear("zombie").GetInt32());
        Assert.True(tree.Hear("reaps").GetBoolean());
        tree.Say("end");
        Assert.Equal(5 << 8, watch.WaitForEnd(CancellationToken.None));
    }
}
