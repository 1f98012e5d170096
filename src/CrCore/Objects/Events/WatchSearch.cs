using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Events;

/// <summary>A watched inode that was found: by a name, by a descriptor that holds it, or by its handle alone.</summary>
/// <param name="File">What leads to it; its place is Nameless where only the handle does.</param>
internal readonly record struct FoundInode(ReferredFile File, string Mount, FileHandle Handle);

/// <summary>
/// Finds the files behind watches: the kernel tells their inode and mostly their handle, but no name. By the handle, where
/// this program may use it (CAP_DAC_READ_SEARCH); else among the names that the tree itself goes by, and in places that are
/// often watched.
/// </summary>
internal sealed class WatchSearch(ProcReader proc, int pid, IEnumerable<Descriptor> descriptors)
{
    private static readonly string[] OftenWatched = ["/etc", "/run", "/tmp", "/var/log", "/var/spool", "/var/lib", "/usr/share", "/usr/share/dbus-1/system-services", "/etc/dbus-1", "/lib/udev", "/home", "/"];

    private readonly string _prefix = DescriptorReader.MountPrefix(proc, pid);
    private readonly List<MountEntry> _mounts = ReadMounts(proc, pid);
    private List<string>? _directories;

    public IReadOnlyList<MountEntry> Mounts => _mounts;

    public FoundInode? Find(WatchLine line)
    {
        foreach (var mount in _mounts)
        {
            if ((mount.DeviceMajor, mount.DeviceMinor) != line.Device || !line.Handle.IsKnown)
                continue;
            using var file = line.Handle.Open(_prefix + mount.MountPoint, FileNative.O_PATH, out _);
            if (file is null || FileStatus.ReadOwn(file.Number, out var status) != Errno.None || status.Inode != line.Inode)
                continue;
            var found = Place(file, status);
            if (found.Place is NamePlace.Leads)
                return new(found, "", default);
            // What nobody has opened by its name has none that the kernel knows of, and shows as "/".
            if ((ByName(line) ?? Holder(line)) is { } named)
                return new(named, "", default);
            return status.LinkCount == 0 ? null : new(new("", NamePlace.Nameless, status, "", _prefix), mount.MountPoint, line.Handle);
        }
        return (ByName(line) ?? Holder(line)) is { } other ? new(other, "", default) : null;
    }

    private ReferredFile Place(OwnDescriptor file, in FileStatus status)
    {
        var way = $"/proc/self/fd/{file.Number}";
        if (!proc.TryReadLink(Environment.ProcessId, "fd"u8, out var link, file.Number))
            return new("", NamePlace.Elsewhere, status, way, _prefix);
        var name = LinuxText.Decode(link);
        var place = DescriptorReader.Place(ref name, status, _prefix);
        return new(name, place, status, way, _prefix);
    }

    /// <summary>A descriptor of the tree onto the inode: where it has lost its name, this is what keeps it.</summary>
    private ReferredFile? Holder(WatchLine line)
    {
        foreach (var d in descriptors)
            if (IsIt(d.Status, line))
                return ReferredFile.Of(proc, d);
        return null;
    }

    private ReferredFile? ByName(WatchLine line)
    {
        foreach (var directory in _directories ??= Directories())
        {
            if (FileStatus.Read(_prefix + directory, out var itself) != Errno.None)
                continue;
            if (IsIt(itself, line))
                return new(directory, NamePlace.Leads, itself, directory, _prefix);
            if (!IsOn(itself, line) || DirectoryNames.Find(_prefix + directory, line.Inode) is not { } name)
                continue;
            var path = Path.Join(directory, name);
            if (FileStatus.Read(_prefix + path, out var status, follow: false) == Errno.None && IsIt(status, line))
                return new(path, NamePlace.Leads, status, path, _prefix);
        }
        return null;
    }

    /// <summary>Every directory that names of the tree go through, and the well-known ones.</summary>
    private List<string> Directories()
    {
        var all = new HashSet<string>(StringComparer.Ordinal);
        void Add(string? path)
        {
            for (; path is { Length: > 0 } && path[0] == '/' && all.Add(path); path = Path.GetDirectoryName(path))
            {
            }
        }
        if (ProcLinks.TryRead(proc, pid, TaskLink.WorkingDirectory, out var cwd))
            Add(cwd);
        foreach (var d in descriptors)
            Add(d.Status.IsDirectory ? d.Name : Path.GetDirectoryName(d.Name));
        foreach (var path in OftenWatched)
            Add(path);
        return [.. all];
    }

    private static bool IsIt(in FileStatus s, WatchLine line) => s.Inode == line.Inode && IsOn(s, line);

    private static bool IsOn(in FileStatus s, WatchLine line) => ((uint)s.DeviceMajor, (uint)FileStatus.MinorOf(s.Device)) == line.Device;

    private static List<MountEntry> ReadMounts(ProcReader proc, int pid)
    {
        var mounts = new List<MountEntry>();
        ProcMountInfo.TryRead(proc, pid, mounts);
        return mounts;
    }
}
