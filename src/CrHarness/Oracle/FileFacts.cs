using System.Buffers.Binary;
using CrHarness.Kernel;

namespace CrHarness.Oracle;

/// <summary>Open file descriptions told apart by kcmp(2): those of one file are the same description or not.</summary>
internal sealed class FileIdentities
{
    private readonly Dictionary<string, List<(int Pid, int Fd, int Number)>> _known = [];
    private int _count;

    /// <summary>The canonical number of the description behind a descriptor, or "?" where kcmp is not allowed.</summary>
    public string Number(int pid, int fd, string file)
    {
        if (!_known.TryGetValue(file, out var candidates))
            _known[file] = candidates = [];
        foreach (var (otherPid, otherFd, number) in candidates)
        {
            var order = Native.syscall(Native.Kcmp, pid, otherPid, 0, fd, otherFd);
            if (order < 0)
                return "?";
            if (order == 0)
                return "#" + number;
        }
        candidates.Add((pid, fd, _count));
        return "#" + _count++;
    }
}

/// <summary>What /proc tells of descriptors and the open files behind them.</summary>
internal static class FileFacts
{
    private const int GetSeals = 1034;
    private const ulong GetPolling = 0x80088a02;

    public static void Read(SnapshotContext context, TaskIdentity task, string subject)
    {
        foreach (var fd in ProcText.Numbers($"/proc/{task.Pid}/fd"))
        {
            var path = $"/proc/{task.Pid}/fd/{fd}";
            var target = ProcText.Link(path) ?? throw SnapshotContext.Gone(task.Pid);
            var file = FileIdentity.Of(path);
            var name = $"{subject} fd {fd}";
            void Add(string what, string value) => context.Snapshot.Add(name, what, value);

            Add("target", Target(context, target, file));
            Add("open file", context.Files.Number(task.Pid, fd, file?.Key ?? target));
            Add("mode", file is null ? "?" : Convert.ToString(file.Mode, 8));
            foreach (var (what, value) in DescriptorLines.Of(context, ProcText.Read($"/proc/{task.Pid}/fdinfo/{fd}") ?? ""))
                Add(what, value);
            using var borrowed = BorrowedDescriptor.Of(task.Pid, fd);
            if (Owner(context, borrowed) is { } owner)
                Add("owner of signals", owner);
            if (target.StartsWith("/memfd:", StringComparison.Ordinal) && borrowed.Control(GetSeals) is { } seals)
                Add("seals", seals);
            if (target == "anon_inode:[eventpoll]")
                Add("polls devices", borrowed.Device(GetPolling, 8));
            if (target.StartsWith("socket:[", StringComparison.Ordinal))
                foreach (var (option, value) in OptionFacts.Of(borrowed))
                    Add(option, value);
            if (target is TerminalFacts.Master or TerminalFacts.Slaves + "ptmx")
                Add("master", TerminalFacts.OfMaster(borrowed));
            else if (target.StartsWith(TerminalFacts.Slaves, StringComparison.Ordinal))
                Add("exclusive", TerminalFacts.Exclusive(borrowed));
            if (file is { IsPipe: true } && context.SeenObjects.Add("pipe " + file.Key))
                AddPipe(context, context.Number(file.Key), path);
            else if (target.StartsWith("socket:[", StringComparison.Ordinal) && UnixFacts.Of(context, task.Pid, target) is { } socket)
                Add("unix socket", socket);
            else if (target.StartsWith("socket:[", StringComparison.Ordinal) && TcpFacts.Of(task.Pid, target) is { } connection)
                Add("connection", connection);
            else if (target.StartsWith(TerminalFacts.Slaves, StringComparison.Ordinal))
                Add("terminal", TerminalFacts.Of(borrowed));
            else if (file is { IsRegular: true, Size: QueueFacts.Size } && QueueFacts.Of(context, path) is { } queue)
                Add("queue", queue);
            else if (file is { IsRegular: true } && (file.Links == 0 || target.EndsWith(" (deleted)", StringComparison.Ordinal)))
            {
                Add("owner", $"{file.Uid}:{file.Gid}");
                Add("links", file.Links.ToString());
                ObjectFacts.AddContents(context, context.Number(file.Key), file.Key, path);
            }
            else if (file is { IsRegular: true })
                Add("size", file.Size.ToString());
        }
    }

    /// <summary>Who gets the signals of O_ASYNC, and which: F_GETOWN_EX and F_GETSIG of fcntl(2). Null where it is nobody.</summary>
    private static string? Owner(SnapshotContext context, BorrowedDescriptor file)
    {
        const int getSignal = 11, getOwner = 16, size = 8;
        if (file.Control(getOwner, size) is not { } owner || BinaryPrimitives.ReadInt32LittleEndian(owner.AsSpan(4)) is var pid && pid == 0)
            return null;
        return $"{context.Pid(pid)}, of type {BinaryPrimitives.ReadInt32LittleEndian(owner)}, signal {file.Control(getSignal)}";
    }

    /// <summary>A path; or for what has no lasting name, its kind and canonical number.</summary>
    private static string Target(SnapshotContext context, string target, FileIdentity? file)
    {
        var bracket = target.IndexOf(":[", StringComparison.Ordinal);
        if (bracket > 0 && target[0] != '/' && !target.StartsWith("anon_inode", StringComparison.Ordinal))
            return $"{target[..bracket]} {context.Number(file?.Key ?? target)}";
        // Which number a pseudo-terminal has depends on who else has one.
        if (target.StartsWith(TerminalFacts.Slaves, StringComparison.Ordinal))
            return $"{TerminalFacts.Slaves} {context.Number(file?.Key ?? target)}";
        return file is { Links: 0 } || target.EndsWith(" (deleted)", StringComparison.Ordinal)
            ? $"{target} {context.Number(file?.Key ?? target)}" : target;
    }

    /// <summary>Capacity and bytes of a pipe, which stay in it: tee(2) into one of our own.</summary>
    private static void AddPipe(SnapshotContext context, string number, string path)
    {
        const int NonblockCloexec = 0x800 | 0x80000, GetSize = 1032, SetSize = 1031;
        var subject = "pipe " + number;
        var from = Native.open(path, NonblockCloexec);
        if (from < 0)
        {
            context.Snapshot.Add(subject, "contents", "(unreadable)");
            return;
        }
        var ends = new int[2];
        try
        {
            var size = Native.fcntl(from, GetSize, 0);
            context.Snapshot.Add(subject, "capacity", size.ToString());
            if (Native.pipe2(ends, NonblockCloexec) != 0)
                throw new IOException("No descriptor is left for a pipe.");
            _ = Native.fcntl(ends[1], SetSize, Math.Max(size, 4096));
            var count = Native.tee(from, ends[1], 1 << 24, 2);
            var data = new byte[Math.Max(0, count)];
            var got = 0;
            while (got < data.Length)
            {
                var part = new byte[data.Length - got];
                var n = (int)Native.read(ends[0], part, part.Length);
                if (n <= 0)
                    break;
                part.AsSpan(0, n).CopyTo(data.AsSpan(got));
                got += n;
            }
            context.Snapshot.Add(subject, "contents", $"{got} bytes, hash {PageHash.Of(data.AsSpan(0, got)):x16}");
        }
        finally
        {
            foreach (var fd in (int[])[from, ends[0], ends[1]])
                if (fd > 0)
                    _ = Native.close(fd);
        }
    }
}
