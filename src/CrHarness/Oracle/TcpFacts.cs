namespace CrHarness.Oracle;

/// <summary>What /proc/PID/net/tcp tells of a TCP socket: both ends' addresses, state, bytes that wait to be read.</summary>
internal static class TcpFacts
{
    /// <param name="pid">A task of the network namespace.</param>
    /// <param name="target">What the link of its descriptor says, with its inode.</param>
    public static string? Of(int pid, string target)
    {
        const int local = 1, remote = 2, state = 3, queues = 4, inode = 9;
        var wanted = target["socket:[".Length..^1];
        // Not kept between sockets: the queues change, and the table is short.
        foreach (var line in (ProcText.Read($"/proc/{pid}/net/tcp") ?? "").Split('\n'))
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > inode } row && row[inode] == wanted)
                return $"{row[local]} to {row[remote]} state {row[state]} waiting {row[queues].Split(':')[^1]}";
        return null;
    }
}
