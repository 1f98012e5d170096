using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>
/// /proc/PID/net (proc_pid_net(5)): what a task's network namespace holds, seen from outside of it. Methods return false
/// when the task is gone (or a zombie).
/// </summary>
public static class ProcNetwork
{
    /// <summary>Adds the names of the interfaces (net/dev).</summary>
    public static bool TryListInterfaces(ProcReader reader, int pid, ICollection<string> names)
    {
        if (!TryRead(reader, pid, "net/dev"u8, out var text))
            return false;
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            // Two lines of headings have no colon; a name cannot hold one (dev_valid_name in net/core/dev.c).
            var colon = line.IndexOf((byte)':');
            if (colon > 0)
                names.Add(LinuxText.Decode(line[..colon].Trim((byte)' ')));
        }
        return true;
    }

    /// <summary>
    /// Whether the loopback interface is up: the kernel gives it 127.0.0.1 and ::1 when it goes up and takes them back when
    /// it goes down (inetdev_event in net/ipv4/devinet.c, addrconf_notify in net/ipv6/addrconf.c).
    /// </summary>
    public static bool TryReadLoopback(ProcReader reader, int pid, out bool up)
    {
        up = false;
        // A kernel without IPv6 has no such file, one without IPv4 routing tables not the other.
        if (TryRead(reader, pid, "net/if_inet6"u8, out var six))
            up = six.StartsWith("00000000000000000000000000000001 "u8);
        if (!TryRead(reader, pid, "net/fib_trie"u8, out var four))
            return reader.TryRead(pid, "stat"u8, out _);
        up |= four.IndexOf("127.0.0.1\n"u8) >= 0;
        return true;
    }

    /// <summary>Adds the tables of iptables-legacy(8) that were ever looked at in the namespace; which takes CAP_NET_ADMIN there.</summary>
    public static void ListFilterTables(ProcReader reader, int pid, bool isInet6, ICollection<string> names)
    {
        try
        {
            if (!TryRead(reader, pid, isInet6 ? "net/ip6_tables_names"u8 : "net/ip_tables_names"u8, out var text))
                return;
            var lines = new TextCursor(text);
            while (lines.NextLine(out var line))
                if (line.Length > 0)
                    names.Add(LinuxText.Decode(line));
        }
        catch (CrKernelException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
        {
            // Whoever may not look at them is told so by their netlink sockets, too.
        }
    }

    private static bool TryRead(ProcReader reader, int pid, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> text)
    {
        text = default;
        try
        {
            return reader.TryRead(pid, name, out text);
        }
        catch (CrKernelException e) when (e.Errno == Errno.EINVAL)
        {
            // proc_net of a task that has left its namespaces.
            return false;
        }
    }
}
