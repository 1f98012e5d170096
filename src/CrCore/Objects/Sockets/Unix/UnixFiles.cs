using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>Where the file is that a socket is bound to. The address only says how the program named it then.</summary>
internal static class UnixFiles
{
    private const uint Permissions = 0xfff;

    /// <summary>The file's facts; null when it cannot be said where it is.</summary>
    /// <param name="proc">Reads /proc.</param>
    /// <param name="socket">A descriptor of this process onto the socket.</param>
    /// <param name="d">The task's.</param>
    /// <param name="diag">What the kernel tells of it.</param>
    /// <param name="further">The mount namespaces of the tree: the socket may be bound in another one than its task is in now.</param>
    public static UnixFile? Read(ProcReader proc, OwnDescriptor socket, Descriptor d, UnixDiagSocket diag, FurtherMounts further)
    {
        if (diag.FileInode == 0 || !diag.Name.IsFile)
            return UnixFile.None;
        var prefix = DescriptorReader.MountPrefix(proc, d.TaskPid);
        using var file = SocketCalls.TryOpenUnixFile(socket, out _);
        if (file is null)
            return further.OwnerOf(d.TaskPid) == 0 ? Guess(proc, d.TaskPid, diag, prefix) : null;
        var home = further.IsEmpty ? 0 : further.HomeOf(FurtherMounts.MountOf($"/proc/self/fd/{file.Number}"));
        if (home != 0)
            prefix = FurtherMounts.PrefixOf(home);
        using var anew = new ProcReader();
        if (!ProcFd.TryReadTarget(anew, Environment.ProcessId, file.Number, out var name) || FileStatus.ReadOwn(file.Number, out var status) != Errno.None)
            return null;
        var place = home == 0 && further.OwnerOf(d.TaskPid) != 0 ? NamePlace.Elsewhere : DescriptorReader.Place(ref name, status, prefix);
        return place switch
        {
            NamePlace.Leads => Make(UnixFileState.Named, further.NameOf(home, name), diag, status),
            NamePlace.Deleted => Make(UnixFileState.Removed, name, diag, status),
            // Bound under a passing name, linked to the right one, so that nobody meets it half made (supervisord does so).
            NamePlace.Unlinked when Anchoring.OtherName(new(name, place, status, "", prefix)) is { Length: > 0 } other => Make(UnixFileState.Named, further.NameOf(home, other), diag, status),
            // No name leads to it, which nobody could tell: a connected one never listens again, and its address is text.
            _ when diag is { State: UnixDiagSocket.Established, Type: SocketType.Stream or SocketType.SequencedPacket } => Make(UnixFileState.Removed, name, diag, status),
            _ => null,
        };
    }

    /// <summary>Without CAP_NET_ADMIN: the name as the task would follow it, if it leads to the same file.</summary>
    private static UnixFile? Guess(ProcReader proc, int pid, UnixDiagSocket diag, string prefix)
    {
        var path = LinuxText.Decode(diag.Name.Path.Span);
        var isAbsolute = path.StartsWith('/');
        if (!ProcLinks.TryRead(proc, pid, isAbsolute ? TaskLink.Root : TaskLink.WorkingDirectory, out var start))
            return null;
        var whole = Path.GetFullPath(start == "/" ? path : $"{start}/{path}", "/");
        if (FileStatus.Read(prefix + whole, out var there, follow: false) == Errno.None && there.IsSocket && (uint)there.Inode == diag.FileInode)
            return Make(UnixFileState.Named, whole, diag, there);
        return isAbsolute ? Make(UnixFileState.Removed, whole, diag, default) : null;
    }

    private static UnixFile Make(UnixFileState state, string path, UnixDiagSocket diag, in FileStatus status)
        => new(state, path, diag.FileDevice, diag.FileInode, status.Mode & Permissions, status.Uid, status.Gid);
}
