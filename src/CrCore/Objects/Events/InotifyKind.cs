using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Events;

/// <summary>
/// inotify(7) instances with what they watch, under the same watch descriptors. Watches are set when all else is done, so
/// that they see nothing of the restore itself.
/// </summary>
internal sealed class InotifyKind : IDescriptorKind
{
    private const uint DontFollow = 0x02000000;

    /// <summary>INOTIFY_IOC_SETNEXTWD of include/uapi/linux/inotify.h, with CONFIG_CHECKPOINT_RESTORE.</summary>
    private const uint SetNextNumber = 0x40044900;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Inotify];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.InotifyWatch, "INOTIFY_WATCH", InotifyWatchRecord.Read, InotifyWatchRecord.MaxPayload)];

    public bool Claims(Descriptor d) => d.Name is "anon_inode:inotify" or "anon_inode:[inotify]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        var search = new WatchSearch(inspection.Context.Proc, d.TaskPid, inspection.All);
        foreach (var line in WatchLine.Of(d, "inotify"))
            if (Watching.Verdict(search.Find(line), inspection.Options.MaxDeletedFileBytes) is { } reason)
                inspection.Refuse(d, "CrWatchLost", $"watch {line.Number("wd")}: {reason}", "Let the program drop the watch, or restart it.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        Watching.WarnOfEvents(capture, d);
        var search = new WatchSearch(capture.Context.Proc, d.TaskPid, capture.All);
        var lines = WatchLine.Of(d, "inotify");
        // Numbers are given in ascending order.
        lines.Sort((a, b) => a.Number("wd").CompareTo(b.Number("wd")));
        List<ICrRecord> due = [], watches = [];
        foreach (var line in lines)
            watches.Add(new InotifyWatchRecord((int)line.Number("wd"), (uint)line.Number("mask"), Watching.Save(capture, d, search.Find(line), due)));
        return new(FdType.Inotify, d.Name, Records: due.Concat(watches));
    }

    public void Check(Restore.CheckContext context, SavedDescription saved)
    {
        foreach (var record in saved.Records)
            if (record is InotifyWatchRecord watch)
                Watching.Check(context, saved, watch.File);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make an inotify instance", saved.Label, Sys.inotify_init1, 0), server.NumberOf(saved));
        server.SetFlags(saved, batch);
        return null;
    }

    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        foreach (var record in saved.Records)
            if (record is InotifyWatchRecord watch)
                Watching.Reach(server, saved, watch.File, batch, (path, isLink) =>
                {
                    batch.Must("number the watches of", saved.Label, Sys.ioctl, server.NumberOf(saved), SetNextNumber, watch.Number);
                    batch.Must("watch", path, Sys.inotify_add_watch, server.NumberOf(saved), batch.Text(path), watch.Mask | (isLink ? DontFollow : 0));
                });
    }
}
