using System.Text;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Says in plain words what a descriptor is that no kind can save.</summary>
internal static class UnsupportedText
{
    /// <summary>Programs choose other ways by themselves where the kernel refuses this one.</summary>
    public const string IoUringAdvice = "Start the program without io_uring: many have a setting (innodb_use_native_aio=0 of MariaDB, UV_USE_IO_URING=0 of Node.js); sysctl kernel.io_uring_disabled=2 forbids it to all that start later.";

    public static string Advice(Descriptor d) => d.Name == "anon_inode:[io_uring]" ? IoUringAdvice : "Close it, or end the task that holds it.";

    public static string Describe(ProcReader proc, Descriptor d)
    {
        if (d.Status.IsSocket)
            return Socket(proc, d);
        if (d.Name.StartsWith("anon_inode:", StringComparison.Ordinal))
            return Anonymous(d.Name["anon_inode:".Length..].Trim('[', ']'));
        if (d.Place is NamePlace.Deleted)
            return $"a deleted {TypeOf(d)}";
        if (d.Status.IsCharacterDevice || d.Status.FileType == FileStatus.Block)
            return $"the {TypeOf(d)} {d.Status.RawMajor}:{d.Status.RawMinor}";
        return d.Place == NamePlace.Nameless ? $"an object of kind '{d.Name}'" : $"a {TypeOf(d)}";
    }

    private static string Anonymous(string name) => name switch
    {
        "eventpoll" => "an epoll instance",
        "eventfd" => "an eventfd",
        "signalfd" => "a signalfd",
        "timerfd" => "a timerfd",
        "inotify" => "an inotify instance",
        "fanotify" => "a fanotify group",
        "io_uring" => "an io_uring instance",
        "pidfd" => "a pidfd",
        "userfaultfd" => "a userfaultfd",
        "perf_event" => "a perf event",
        "seccomp notify" => "a seccomp listener",
        _ when name.StartsWith("bpf", StringComparison.Ordinal) => $"a BPF object ({name})",
        _ => $"an anonymous inode '{name}'",
    };

    private static string TypeOf(Descriptor d) => d.Status.FileType switch
    {
        FileStatus.Regular => "regular file",
        FileStatus.Directory => "directory",
        FileStatus.SymbolicLink => "symbolic link",
        FileStatus.Block => "block device",
        FileStatus.Character => "character device",
        FileStatus.Fifo => "FIFO",
        FileStatus.Socket => "socket",
        _ => "object",
    };

    /// <summary>The protocol from the tables below /proc/PID/net, which name the sockets of the task's network namespace by inode.</summary>
    private static string Socket(ProcReader proc, Descriptor d)
    {
        ReadOnlySpan<byte> inode = Encoding.ASCII.GetBytes(d.Status.Inode.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (Row(proc, d.Pid, "net/unix"u8, inode) is { } unix)
            return $"a Unix {UnixType(unix)} socket {UnixName(unix)}".TrimEnd();
        if (Row(proc, d.Pid, "net/tcp"u8, inode) is not null || Row(proc, d.Pid, "net/tcp6"u8, inode) is not null)
            return "a TCP socket";
        if (Row(proc, d.Pid, "net/udp"u8, inode) is not null || Row(proc, d.Pid, "net/udp6"u8, inode) is not null)
            return "a UDP socket";
        if (Row(proc, d.Pid, "net/netlink"u8, inode) is not null)
            return "a netlink socket";
        if (Row(proc, d.Pid, "net/packet"u8, inode) is not null)
            return "a packet socket";
        if (Row(proc, d.Pid, "net/raw"u8, inode) is not null || Row(proc, d.Pid, "net/raw6"u8, inode) is not null)
            return "a raw socket";
        return d.Socket is { } identity ? SocketOf(identity.Family) : "a socket";
    }

    /// <summary>By its address family (AF_* of linux/socket.h).</summary>
    private static string SocketOf(int family) => family switch
    {
        4 or 5 => "a socket of AppleTalk or IPX",
        3 or 6 or 9 or 11 => "a socket of a radio or packet network (AF_AX25, NETROM, X25, ROSE)",
        15 => "a socket of the keys of IPsec (AF_KEY)",
        21 => "a socket of RDS (AF_RDS)",
        29 => "a socket of the CAN bus (AF_CAN)",
        30 => "a socket of TIPC (AF_TIPC)",
        31 => "a Bluetooth socket (AF_BLUETOOTH)",
        38 => "a socket of the kernel's ciphers (AF_ALG)",
        40 => "a socket to virtual machines or their host (vsock(7), AF_VSOCK)",
        41 => "a socket of KCM (AF_KCM)",
        42 => "a socket of QIPCRTR (AF_QIPCRTR)",
        43 => "a socket of SMC (AF_SMC)",
        44 => "a socket of XDP (AF_XDP)",
        _ => $"a socket of the address family {family}",
    };

    private static string[]? Row(ProcReader proc, int pid, ReadOnlySpan<byte> table, ReadOnlySpan<byte> inode)
    {
        if (!proc.TryRead(pid, table, out var text))
            return null;
        var lines = new TextCursor(text);
        lines.NextLine(out _);
        while (lines.NextLine(out var line))
        {
            var words = new TextCursor(line);
            for (var word = words.Word(); !word.IsEmpty; word = words.Word())
                if (word.SequenceEqual(inode))
                    return Encoding.UTF8.GetString(line).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        return null;
    }

    // net/unix: Num RefCount Protocol Flags Type St Inode Path (unix_seq_show in net/unix/af_unix.c).
    private static string UnixType(string[] row) => row.Length > 4 ? row[4] switch
    {
        "0001" => "stream",
        "0002" => "datagram",
        "0005" => "seqpacket",
        _ => "",
    } : "";

    private static string UnixName(string[] row) => row.Length > 7 ? row[7] : "";
}
