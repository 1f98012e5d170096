using System.Text;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>Where the name of an open file leads today.</summary>
internal enum NamePlace
{
    /// <summary>It has none: a pipe, a socket, an anonymous inode.</summary>
    Nameless,
    /// <summary>The name leads to the very object.</summary>
    Leads,
    /// <summary>The name was removed, and no other is left.</summary>
    Deleted,
    /// <summary>The name was removed, but the file has other names (hard links).</summary>
    Unlinked,
    /// <summary>The name leads nowhere, or to another object.</summary>
    Elsewhere,
}

/// <summary>A descriptor of a task as seen from outside: plain facts, read once.</summary>
/// <param name="Pid">As this process sees it.</param>
/// <param name="Name">What the link below /proc/PID/fd says, without " (deleted)" where <paramref name="Place"/> says so.</param>
/// <param name="Details">The lines of fdinfo after the common ones: locks, and what the object's kind shows.</param>
internal sealed record Descriptor(int Pid, int Fd, string Name, NamePlace Place, FdInfo Info, FileStatus Status, byte[] Details)
{
    /// <summary>Open flags without O_CLOEXEC.</summary>
    public uint Flags => Info.Flags & ~OpenFlags.CloseOnExec;

    /// <summary>What socket it is; null for anything else, and for a socket that could not be reached.</summary>
    public Sockets.SocketIdentity? Socket { get; init; }

    /// <summary>Who gets its signals; null where it was not asked.</summary>
    public SignalOwner? Owner { get; init; }

    /// <summary>The task that it belongs to for people: another than <see cref="Pid"/> where this program holds it, in flight.</summary>
    public int TaskPid { get; init; } = Pid;

    /// <summary>Nobody has it as a descriptor; it is in a message that waits to be read.</summary>
    public bool IsHeld => TaskPid != Pid;

    public bool IsPathOnly => (Flags & OpenFlags.Path) != 0;

    public bool CanRead => OpenFlags.CanRead(Flags);

    public bool CanWrite => OpenFlags.CanWrite(Flags);

    /// <summary>Whether a lock or lease hangs on it (show_fd_locks in fs/locks.c).</summary>
    public bool HasLock => Details.AsSpan().StartsWith("lock:"u8) || Details.AsSpan().IndexOf("\nlock:"u8) >= 0;

    /// <summary>The value of a line of fdinfo such as <c>tty-index:</c>, or null.</summary>
    public string? Detail(string key)
    {
        foreach (var line in Encoding.UTF8.GetString(Details).Split('\n'))
            if (line.Length > key.Length && line[key.Length] == ':' && line.StartsWith(key, StringComparison.Ordinal))
                return line[(key.Length + 1)..].Trim();
        return null;
    }

    /// <summary>What the link below /proc/PID/fd says: the same for all who have the object open under this name.</summary>
    public string LinkText => Place is NamePlace.Deleted or NamePlace.Unlinked ? Name + " (deleted)" : Name;

    /// <summary>How messages call it.</summary>
    public string Label => IsHeld ? $"a descriptor in flight ({Name})" : $"descriptor {Fd} ({Name})";
}
