using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>A task's table of descriptors that is being read, by one thread or several.</summary>
/// <param name="prefix">See <see cref="DescriptorReader.MountPrefix"/>.</param>
/// <param name="isGlimpse">See <see cref="DescriptorLook"/>.</param>
/// <param name="task">To ask descriptions through passing descriptors of this process; null to do without.</param>
/// <param name="before">See <see cref="KnownDescriptors"/>; ascending.</param>
internal sealed class DescriptorTable(ProcFdFolder folder, int pid, string prefix, bool isGlimpse, PidFd? task, IReadOnlyList<Descriptor> before)
{
    private string? _rootPrefix;

    /// <summary>The tree's root where that is another: a task may have left its mount namespace with what it had open. 0 where not.</summary>
    public int Root { get; init; }

    /// <summary>Reads some of the descriptors; null stays in the place of one that is gone.</summary>
    public void Read(ProcReader proc, List<int> numbers, Descriptor?[] into, int start, int end)
    {
        Span<byte> buffer = stackalloc byte[ProcFdFolder.BufferSize];
        var at = 0;
        for (var i = start; i < end; i++)
        {
            while (at < before.Count && before[at].Fd < numbers[i])
                at++;
            into[i] = TryRead(proc, numbers[i], at < before.Count && before[at].Fd == numbers[i] ? before[at] : null, buffer);
        }
    }

    private Descriptor? TryRead(ProcReader proc, int fd, Descriptor? earlier, Span<byte> buffer)
    {
        SignalOwner? owner = null;
        if (task is not null && task.Look(fd, out var status, out var asked) == Errno.None)
            owner = asked;
        else if (folder.ReadStatus(fd, out status) is not Errno.None and var errno)
        {
            if (errno != Errno.ENOENT || !folder.TryReadTarget(fd, buffer, out _))
                return null;
            status = GoneProcess.Unseen;
        }
        if (!TryPlace(proc, fd, status, earlier, buffer, out var name, out var place))
            return null;
        // A file or directory that its name leads to has nothing in fdinfo that could stand in the way of saving it.
        if (isGlimpse && IsOrdinary(place, status))
            return new Descriptor(pid, fd, name, place, default, status, []);
        if (!TryReadInfo(proc, fd, buffer, out var info, out var details))
            return null;
        // A socket's file behind O_PATH is no socket that could be asked.
        var socket = status.IsSocket && (info.Flags & OpenFlags.Path) == 0 ? Sockets.SocketIdentity.Of(pid, fd) : null;
        return new Descriptor(pid, fd, name, place, info, status, details) { Socket = socket, Owner = owner };
    }

    /// <summary>Its name and where that leads: the name of before, if it leads to the very object today.</summary>
    private bool TryPlace(ProcReader proc, int fd, in FileStatus status, Descriptor? earlier, Span<byte> buffer, out string name, out NamePlace place)
    {
        if (earlier is not null && IsOrdinary(earlier.Place, status) && DescriptorReader.LeadsTo(earlier.Name, status, prefix))
        {
            (name, place) = (earlier.Name, NamePlace.Leads);
            return true;
        }
        var found = folder.TryReadTarget(fd, buffer, out var text);
        name = LinuxText.Decode(text);
        var whole = name;
        place = DescriptorReader.Place(ref name, status, prefix);
        if (place is not (NamePlace.Leads or NamePlace.Nameless) && Root != 0 && DescriptorReader.LeadsTo(whole, status, _rootPrefix ??= DescriptorReader.MountPrefix(proc, Root)))
            (name, place) = (whole, NamePlace.Leads);
        return found;
    }

    private static bool IsOrdinary(NamePlace place, in FileStatus status) => place == NamePlace.Leads && (status.IsRegular || status.IsDirectory);

    private bool TryReadInfo(ProcReader proc, int fd, Span<byte> buffer, out FdInfo info, out byte[] details)
    {
        info = default;
        details = [];
        if (!folder.TryReadInfo(fd, buffer, out var text))
            return false;
        ReadOnlySpan<byte> rest;
        if (text.Length == buffer.Length)
        {
            if (!ProcFd.TryReadInfo(proc, pid, fd, out info, out rest))
                return false;
        }
        else if (!FdInfo.TryParse(text, out info, out rest))
        {
            throw KernelError.BadText($"/proc/{pid}/fdinfo/{fd}", pid);
        }
        // Descriptors of ordinary files have nothing more to say: no array for each.
        if (!rest.IsEmpty)
            details = rest.ToArray();
        return true;
    }
}
