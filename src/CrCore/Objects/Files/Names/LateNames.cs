using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Files;

/// <summary>
/// Files of proc(5) that tell of a descriptor, a thread or a mapping of a task of the tree: they can be opened only when that is
/// there. Until then something else stands in their place; at the end each task gets the file itself under its numbers.
/// </summary>
internal sealed class LateNames
{
    private const string Proc = "/proc/", NullPath = "/dev/null";

    private readonly List<SavedDescription> _due = [];

    public static LateNames Of(DescriptorServer server) => server.Context.States.Get<LateNames>();

    /// <summary>Whether a description is one of them; then something stands in its place.</summary>
    public bool Take(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        if (saved.Data.Anchor != 0 || !IsLate(server.Context.Image, saved.Name))
            return false;
        server.Open(saved, NullPath, OpenFlags.Path, batch);
        _due.Add(saved);
        return true;
    }

    /// <summary>/proc/PID/fd/3, /proc/PID/fdinfo/3, /proc/PID/task/TID/…, /proc/PID/map_files/…, and all of a thread that is named as a process.</summary>
    private static bool IsLate(ImageModel image, string name)
    {
        if (!name.StartsWith(Proc, StringComparison.Ordinal))
            return false;
        var parts = name.Split('/');
        if (parts.Length < 3 || !int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            return false;
        return image.FindTask(pid) is { } task ? !task.Task.IsEnded && IsOfPart(parts) : IsThread(image, pid);
    }

    private static bool IsOfPart(string[] parts) => parts.Length > 4 && parts[3] is "fd" or "fdinfo" or "task" or "map_files";

    /// <summary>Preflight: what is in a message goes there before it can be opened.</summary>
    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (d.IsHeld && d.Name.StartsWith(Proc, StringComparison.Ordinal) && IsOfPart(d.Name.Split('/')))
            inspection.RefuseForNow(d, "CrProcInFlight", "it is a file of proc about a descriptor, thread or mapping, and waits in a message that nobody has read", "Try again once the program has read it.");
    }

    /// <summary>The same of an image.</summary>
    public static void Check(Restore.CheckContext context, SavedFiles files)
    {
        foreach (var saved in files.Descriptions)
            foreach (var record in saved.Records)
                if (record is ICarriesDescriptions carrier)
                    foreach (var carried in carrier.Carried)
                        if (files.TryDescription(carried) is { } held && IsLate(context.Image, held.Name))
                            context.Refuse(saved.Task, "CrProcInFlight", saved.Label, $"a message in it carries {held.Name}, which can be opened only when the tree stands", kind: CrErrorKind.NotSupported);
    }

    /// <summary>A number of a thread that is no task's first: proc shows it as a process to those who ask for it.</summary>
    public static bool IsThread(ImageModel image, int tid)
    {
        foreach (var task in image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.VTid == tid)
                    return true;
        return false;
    }

    /// <summary>Opens them, in the server, and puts them into the tables of all who have them. Tables, threads and mappings stand.</summary>
    public void OpenAll(DescriptorServer server)
    {
        if (_due.Count == 0)
            return;
        var feed = new BatchFeed(server.Remote);
        var due = new HashSet<uint>();
        foreach (var saved in _due)
        {
            due.Add(saved.ObjRef);
            var batch = feed.Next();
            server.Open(saved, saved.Name, FlagsOf(saved), batch);
            if (saved.Data.FdType is FdType.File or FdType.Directory)
                server.Seek(saved, batch);
        }
        feed.Flush();
        foreach (var task in server.Context.Tasks)
            if (!task.IsZombie && server.Files.TableOf(task.Image) is { } table && table.Owner == task.Image)
                Place(server, task, table, due);
    }

    private static uint FlagsOf(SavedDescription saved) => saved.Data.FdType switch
    {
        FdType.Path or FdType.Link => saved.Data.Flags & (OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow) | OpenFlags.Path | (saved.Data.FdType == FdType.Link ? OpenFlags.NoFollow : 0),
        _ => OpenFlags.Reopening(saved.Data.Flags),
    };

    private static void Place(DescriptorServer server, Restore.RestoringTask task, SavedTable table, HashSet<uint> due)
    {
        var feed = new BatchFeed(task.Remote);
        var isServer = task == server.Context.Root;
        foreach (var entry in table.Entries)
        {
            if (!due.Contains(entry.Description))
                continue;
            var saved = server.Files.Description(entry.Description);
            var number = server.NumberOf(saved);
            var batch = feed.Next();
            var flags = entry.CloseOnExec ? OpenFlags.CloseOnExec : 0;
            if (isServer)
            {
                if (number == entry.Fd)
                    batch.Must("keep open over exec", saved.Label, Sys.fcntl, number, 2, entry.CloseOnExec ? 1 : 0);
                else
                    batch.Must("place", saved.Label, Sys.dup3, number, entry.Fd, flags);
                continue;
            }
            var root = batch.Must("open a pidfd of the root", null, Sys.pidfd_open, server.Context.Root.VPid, 0);
            var got = batch.Must("fetch", saved.Label, Sys.pidfd_getfd, root, number, 0);
            batch.Must("place", saved.Label, Sys.dup3, got, entry.Fd, flags);
            batch.Must("close", saved.Label, Sys.close, got);
            batch.Must("close the pidfd", null, Sys.close, root);
        }
        feed.Flush();
    }
}
