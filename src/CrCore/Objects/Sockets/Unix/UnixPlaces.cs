using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Sockets.Unix;

/// <summary>
/// Binds sockets to files. bind(2) keeps the name as it is given and makes the file where that leads; both are rarely
/// the same thing once a tree is restored: names are relative, from another root, removed, or taken by something else. So each
/// name is built up in a passing directory, from which the file then moves to where it was, or is removed.
/// </summary>
internal sealed class UnixPlaces(DescriptorServer server)
{
    private const uint OwnerOnly = 0x1c0;

    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    private const int NoFollow = 0x100;

    private static readonly string[] _passing = ["/tmp", "/dev/shm", "/run", "/var/tmp", ""];

    private readonly List<Place> _places = [];
    private readonly string _suffix = Guid.NewGuid().ToString("N")[..12];
    private int _root = -1;

    /// <param name="Directory">Where the file is, from the server's root.</param>
    /// <param name="Leaf">Its name there.</param>
    /// <param name="Made">Passing directories, the outermost first.</param>
    public sealed record Place(string Directory, string Leaf, IReadOnlyList<string> Made, UnixFile File);

    /// <summary>Binds one of the server's sockets.</summary>
    /// <param name="file">Where the file is to be in the end; one without a name goes.</param>
    public Place Bind(int number, string label, UnixAddress address, UnixFile file)
    {
        var batch = new SyscallBatch();
        var top = MakeTop(file);
        var made = new List<string> { top };
        var components = LinuxText.Decode(address.Path.Span).Split('/', StringSplitOptions.RemoveEmptyEntries);
        var isAbsolute = address.Path.Span[0] == (byte)'/';
        var at = new List<string>();
        // Room for the way up that a relative name may go first.
        foreach (var component in components)
            if (!isAbsolute && component == "..")
                at.Add("d");
        for (var depth = 1; depth <= at.Count; depth++)
            MakeDirectory(batch, made, $"{top}/{string.Join('/', at.Take(depth))}");
        var start = at.Count == 0 ? top : $"{top}/{string.Join('/', at)}";
        for (var i = 0; i < components.Length - 1; i++)
        {
            if (components[i] == ".." && at.Count > 0)
                at.RemoveAt(at.Count - 1);
            if (components[i] is "." or "..")
                continue;
            at.Add(components[i]);
            MakeDirectory(batch, made, $"{top}/{string.Join('/', at)}");
        }
        var sockAddr = address.ToSockAddr();
        if (isAbsolute)
        {
            batch.Must("go to", top, Sys.chroot, batch.Text(top));
            var bound = batch.Try(Sys.bind, number, batch.In(sockAddr), sockAddr.Length);
            batch.Must("go back to the root", null, Sys.fchdir, Root());
            batch.Must("go back to the root", null, Sys.chroot, batch.Text("."));
            server.Remote.Run(batch);
            Require(batch.ErrnoOf(bound), label, address);
        }
        else
        {
            batch.Must("go to", start, Sys.chdir, batch.Text(start));
            var bound = batch.Try(Sys.bind, number, batch.In(sockAddr), sockAddr.Length);
            batch.Must("go back to the root", null, Sys.chdir, batch.Text("/"));
            server.Remote.Run(batch);
            Require(batch.ErrnoOf(bound), label, address);
        }
        var place = new Place(at.Count == 0 ? top : $"{top}/{string.Join('/', at)}", components[^1], made, file);
        _places.Add(place);
        return place;
    }

    private static void Require(Errno errno, string label, UnixAddress address)
    {
        if (errno != Errno.None)
            throw new CrKernelException("CrUnixBindFailed", $"Binding {label} to {address}", errno) { Object = label };
    }

    private static void MakeDirectory(SyscallBatch batch, List<string> made, string path)
    {
        if (made.Contains(path))
            return;
        batch.Must("make the directory", path, Sys.mkdirat, FileNative.AT_FDCWD, batch.Text(path), OwnerOnly);
        made.Add(path);
    }

    /// <summary>Beside the file's last place, so that it can be renamed to there; for one without a name wherever there is room.</summary>
    private string MakeTop(UnixFile file)
    {
        string[] candidates = file.State == UnixFileState.Named ? [Path.GetDirectoryName(file.Path)!.TrimEnd('/')] : _passing;
        var batch = new SyscallBatch();
        var errno = Errno.ENOENT;
        foreach (var candidate in candidates)
        {
            var top = $"{candidate}/.cr-{_suffix}-{_places.Count}";
            batch.Reset();
            var made = batch.Try(Sys.mkdirat, FileNative.AT_FDCWD, batch.Text(top), OwnerOnly);
            server.Remote.Run(batch);
            if ((errno = batch.ErrnoOf(made)) == Errno.None)
                return top;
        }
        throw new CrKernelException("CrUnixBindFailed", $"Making a directory in {string.Join(" or ", candidates.Select(c => c.Length == 0 ? "/" : c))} to bind a socket in", errno);
    }

    /// <summary>The server's number of its root directory.</summary>
    private int Root()
    {
        if (_root >= 0)
            return _root;
        _root = server.Reserve();
        var batch = new SyscallBatch();
        DescriptorServer.OpenAs(_root, "root directory", "/", OpenFlags.Path | OpenFlags.Directory, batch);
        server.Remote.Run(batch);
        return _root;
    }

    /// <summary>Every file goes where it was, with its owner and permissions, or goes altogether.</summary>
    public void Settle()
    {
        var feed = new BatchFeed(server.Remote);
        foreach (var place in _places)
        {
            var batch = feed.Next();
            var path = $"{place.Directory}/{place.Leaf}";
            if (place.File.State == UnixFileState.Named)
            {
                batch.Try(Sys.fchownat, FileNative.AT_FDCWD, batch.Text(path), place.File.Uid, place.File.Gid, NoFollow);
                batch.Must("set the permissions of", place.File.Path, Sys.fchmodat, FileNative.AT_FDCWD, batch.Text(path), place.File.Mode);
                batch.Must("give its place to", place.File.Path, Sys.renameat, FileNative.AT_FDCWD, batch.Text(path), FileNative.AT_FDCWD, batch.Text(place.File.Path));
            }
            else
            {
                batch.Must("unlink", path, Sys.unlinkat, FileNative.AT_FDCWD, batch.Text(path), 0);
            }
            for (var i = place.Made.Count - 1; i >= 0; i--)
                batch.Try(Sys.rmdir, batch.Text(place.Made[i]));
        }
        feed.Flush();
        foreach (var place in _places)
            if (place.File.State == UnixFileState.Named)
                server.Renew(place.File.Path);
        _places.Clear();
    }
}
