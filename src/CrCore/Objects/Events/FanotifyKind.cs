using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Objects.Events;

/// <summary>fanotify(7) groups that are told of events, with their marks on files, mounts and file systems.</summary>
internal sealed class FanotifyKind : IDescriptorKind
{
    private const uint Add = 1, IgnoredMask = 0x20, Evictable = 0x200, Ignore = 0x400, DontFollow = 4;

    /// <summary>FAN_CLASS_CONTENT and FAN_CLASS_PRE_CONTENT: the opener waits until the group allows it.</summary>
    private const uint DecidingClasses = 0xc;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Fanotify];

    public IEnumerable<RecordType> Records =>
    [
        new(EventRecordIds.Fanotify, "FANOTIFY", FanotifyRecord.Read, FanotifyRecord.PayloadSize),
        new(EventRecordIds.FanotifyMark, "FANOTIFY_MARK", FanotifyMarkRecord.Read, FanotifyMarkRecord.MaxPayload),
    ];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[fanotify]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (Group(d) is not { } group)
        {
            inspection.Refuse(d, "CrFanotifyUntold", "the kernel does not tell of this fanotify group what would make it again");
            return;
        }
        if ((group.Flags & DecidingClasses) != 0)
            inspection.Refuse(d, "CrFanotifyDecides", "other processes wait for this fanotify group to allow what they open, this program among them once the group is frozen", "End the program, or let it use FAN_CLASS_NOTIF.");
        var search = new WatchSearch(inspection.Context.Proc, d.TaskPid, inspection.All);
        foreach (var line in Marks(d))
            if (Reason(search, line, inspection.Options.MaxDeletedFileBytes) is { } reason)
                inspection.Refuse(d, "CrWatchLost", reason, "Let the program drop the mark, or restart it.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        Watching.WarnOfEvents(capture, d);
        var search = new WatchSearch(capture.Context.Proc, d.TaskPid, capture.All);
        var due = new List<ICrRecord>();
        List<ICrRecord> own = [Group(d) ?? throw Untold(d)];
        foreach (var line in Marks(d))
        {
            var scope = ScopeOf(line) ?? throw Untold(d);
            var file = scope == FanotifyMarkRecord.Inode ? Watching.Save(capture, d, search.Find(line), due)
                : new WatchedFile(MountOf(search, line) ?? throw Untold(d), 0, FileStatus.Directory, "", default);
            own.Add(new FanotifyMarkRecord(scope, (uint)line.Number("mflags"), line.Number("mask"), line.Number("ignored_mask"), file));
        }
        return new(FdType.Fanotify, d.Name, Records: due.Concat(own));
    }

    public void Check(Restore.CheckContext context, SavedDescription saved)
    {
        Require(saved);
        if (context.InUserNamespace || !Capabilities.Has(context.Proc, Capabilities.SysAdmin))
            context.Refuse(saved.Task, "CrFanotifyRights", saved.Label, "making a fanotify group as it was takes CAP_SYS_ADMIN in the initial user namespace", "Restore as root.", CrErrorKind.PermissionDenied);
        foreach (var record in saved.Records)
            if (record is FanotifyMarkRecord mark)
                Watching.Check(context, saved, mark.File);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var group = Require(saved);
        DescriptorServer.Move(batch, saved.Label, batch.Must("make a fanotify group", saved.Label, Sys.fanotify_init, group.Flags, group.EventFlags), server.NumberOf(saved));
        server.SetFlags(saved, batch);
        return null;
    }

    public void Finish(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        foreach (var record in saved.Records)
            if (record is FanotifyMarkRecord mark)
                Watching.Reach(server, saved, mark.File, batch, (path, isLink) =>
                {
                    var (at, how) = (batch.Text(path), Add | mark.Scope | (isLink ? DontFollow : 0));
                    if (mark.Mask != 0)
                        batch.Must("mark", path, Sys.fanotify_mark, server.NumberOf(saved), how | (mark.Flags & Evictable), mark.Mask, FileNative.AT_FDCWD, at);
                    if (mark.Ignored != 0)
                        batch.Must("leave out events of", path, Sys.fanotify_mark, server.NumberOf(saved), how | (mark.Flags & ~Evictable) | ((mark.Flags & Ignore) != 0 ? 0 : IgnoredMask), mark.Ignored, FileNative.AT_FDCWD, at);
                });
    }

    private static FanotifyRecord? Group(Descriptor d)
    {
        foreach (var line in WatchLine.Of(d, "fanotify"))
            if (line.Has("flags") && line.Has("event-flags"))
                return new((uint)line.Number("flags"), (uint)line.Number("event-flags"));
        return null;
    }

    private static List<WatchLine> Marks(Descriptor d) => WatchLine.Of(d, "fanotify").FindAll(l => l.Has("mask"));

    /// <summary>Marks of files have an inode, of mounts a mount, of file systems only a device; others are not known.</summary>
    private static uint? ScopeOf(WatchLine line)
        => line.Has("ino") ? FanotifyMarkRecord.Inode : line.Has("mnt_id") ? FanotifyMarkRecord.Mount : line.Has("sdev") ? FanotifyMarkRecord.FileSystem : null;

    private static string? Reason(WatchSearch search, WatchLine line, long maxDeletedBytes) => ScopeOf(line) switch
    {
        null => "it has a mark of a kind that is not known",
        FanotifyMarkRecord.Inode => Watching.Verdict(search.Find(line), maxDeletedBytes),
        _ => MountOf(search, line) is null ? "it has a mark on a mount or file system that the task does not see" : null,
    };

    private static string? MountOf(WatchSearch search, WatchLine line)
    {
        foreach (var mount in search.Mounts)
            if (line.Has("mnt_id") ? mount.Id == (int)line.Number("mnt_id") : (mount.DeviceMajor, mount.DeviceMinor) == line.Device)
                return mount.MountPoint;
        return null;
    }

    private static CrTargetException Untold(Descriptor d)
        => new("CrFanotifyUntold", $"Task {d.Pid}: the kernel does not tell what would make {d.Label} again.") { Pid = d.Pid, Object = d.Label };

    private static FanotifyRecord Require(SavedDescription saved) => saved.Get<FanotifyRecord>() ?? throw EventImage.Missing(saved, "FANOTIFY");
}
