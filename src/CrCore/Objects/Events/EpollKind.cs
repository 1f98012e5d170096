using System.Buffers.Binary;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// epoll(7) instances with what they watch, each target under the number that it was added with: a later EPOLL_CTL_MOD or
/// EPOLL_CTL_DEL looks for the pair of file and number (ep_find in fs/eventpoll.c).
/// </summary>
internal sealed class EpollKind : IDescriptorKind
{
    private const int Add = 1, EventSize = 12;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Epoll];

    public IEnumerable<RecordType> Records =>
    [
        new(EventRecordIds.EpollTarget, "EPOLL_TARGET", EpollTargetRecord.Read, EpollTargetRecord.PayloadSize),
        new(EventRecordIds.EpollPolling, "EPOLL_POLLING", EpollPollingRecord.Read, EpollPollingRecord.PayloadSize),
    ];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[eventpoll]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        List<Descriptor> all = [.. inspection.All, .. inspection.Held.All];
        foreach (var target in EpollTarget.Of(d))
            // Before the freeze it may be in flight, or may have come and gone since the tables were read.
            if (target.FindHolder(d, all) is null && !inspection.MayBeInFlight && (inspection.Context.IsFrozen || target.IsUnheldStill(d)))
                inspection.Refuse(d, "CrEpollTargetUnheld", $"it watches something, added as descriptor {target.Number}, that no task of the tree has open any more",
                    "Let the program remove it (EPOLL_CTL_DEL) before it hands the descriptor to others.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var records = new List<ICrRecord>();
        using (var own = capture.Borrow(d))
            if (EpollPolling.Of(own) is var polling && polling != default)
                records.Add(new EpollPollingRecord(polling));
        foreach (var target in EpollTarget.Of(d))
        {
            if ((target.FindHolder(d, capture.All) ?? target.FindHolder(d, capture.InFlight.All)) is not { } holder)
                throw new CrTargetException("CrEpollTargetUnheld", $"Task {d.Pid}: {d.Label} watches something, added as descriptor {target.Number} since preflight, that cannot be saved.",
                    "Run the checkpoint again: preflight says why.") { Pid = d.Pid, Object = d.Label };
            records.Add(holder.IsHeld
                ? new EpollTargetRecord(target.Number, target.Events, target.Data, 0, (int)capture.Refer(holder))
                : new EpollTargetRecord(target.Number, target.Events, target.Data, capture.ToVPid(holder.Pid), holder.Fd));
        }
        return new(FdType.Epoll, d.Name, Records: records);
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (saved.Get<EpollPollingRecord>() is not { Polling: var polling })
            return;
        // As many packets in one go as one's own network allows itself take no right; more take one that a user namespace has not (ep_eventpoll_bp_ioctl in fs/eventpoll.c).
        const int mostForAll = 64;
        var errno = context.InUserNamespace && polling.Budget > mostForAll ? Errno.EPERM : polling.TrySet();
        if (errno != Errno.None)
            context.Refuse(saved.Task, "CrEpollPolling", saved.Label, $"it polls network devices for {polling.Microseconds} µs, {polling.Budget} packets in one go, which cannot be set here: {errno} ({errno.Describe()})",
                errno == Errno.EPERM ? "Restore with CAP_NET_ADMIN in the initial user namespace." : "Restore on Linux 6.9 or newer with CONFIG_NET_RX_BUSY_POLL.", errno == Errno.EPERM ? CrErrorKind.PermissionDenied : CrErrorKind.Obstacle);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make an epoll instance", saved.Label, Sys.epoll_create1, 0), server.NumberOf(saved));
        if (saved.Get<EpollPollingRecord>() is { } record)
            batch.Must("set how it polls devices", saved.Label, Sys.ioctl, server.NumberOf(saved), EpollPolling.Set, batch.In(record.Polling));
        return null;
    }

    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        foreach (var record in saved.Records)
        {
            if (record is not EpollTargetRecord target)
                continue;
            var holder = Holder(server, saved, target);
            if (!IsSignalFd(holder) || saved.Task.Parent is null)
                AddTarget(batch, saved.Label, new(server.NumberOf(saved), server.NumberOf(holder), server.Base, server.IsTaken(target.Number)), target);
        }
    }

    /// <summary>A signalfd that is watched wakes for the signals of the task that added it (signalfd_poll in fs/signalfd.c).</summary>
    public void LinkInTask(DescriptorServer server, RestoringTask task, SavedDescription saved, SyscallBatch batch)
    {
        foreach (var record in saved.Records)
        {
            if (record is not EpollTargetRecord target)
                continue;
            var holder = Holder(server, saved, target);
            if (!IsSignalFd(holder))
                continue;
            var own = server.Files.TableOf(task.Image)!;
            if (own.FindOnto(holder.ObjRef) is { } there)
            {
                AddTarget(batch, saved.Label, new(saved.Fd, there.Fd, server.Base + 1, own.Find(target.Number) is not null), target);
                continue;
            }
            var fetched = server.Base + 2;
            DescriptorServer.Move(batch, holder.Label, batch.Must("fetch", holder.Label, Sys.pidfd_getfd, server.Base, server.NumberOf(holder), 0), fetched);
            AddTarget(batch, saved.Label, new(saved.Fd, fetched, server.Base + 1, own.Find(target.Number) is not null), target);
            batch.Must("close", holder.Label, Sys.close, fetched);
        }
    }

    private static bool IsSignalFd(SavedDescription saved) => saved.Data.FdType == FdType.SignalFd;

    private const int GetFlags = 1, SetFlags = 2;

    /// <summary>Where a target is added.</summary>
    /// <param name="Instance">The instance's number there.</param>
    /// <param name="Number">The target's number there.</param>
    /// <param name="Parking">A free number.</param>
    /// <param name="IsTaken">Whether something stands at the number that the target was added under.</param>
    private readonly record struct Place(int Instance, int Number, int Parking, bool IsTaken);

    /// <summary>The target stands at its old number for a moment; that it goes from there again changes nothing, for its description lives on.</summary>
    private static void AddTarget(SyscallBatch batch, string label, Place place, EpollTargetRecord target)
    {
        Span<byte> value = stackalloc byte[EventSize];
        BinaryPrimitives.WriteUInt32LittleEndian(value, target.Events);
        BinaryPrimitives.WriteUInt64LittleEndian(value[4..], target.Data);
        var moves = place.Number != target.Number;
        // One that is in the way goes aside meanwhile; should it be the instance itself, it is reached there.
        var instance = moves && place.Instance == target.Number ? place.Parking : place.Instance;
        // It has its own close-on-exec flag again afterwards: in a task that flag is the program's already.
        var flags = moves && place.IsTaken ? batch.Must("read the flags of", label, Sys.fcntl, target.Number, GetFlags) : default;
        if (moves && place.IsTaken)
            batch.Must("set aside", label, Sys.dup3, target.Number, place.Parking, OpenFlags.CloseOnExec);
        if (moves)
            batch.Must("place a target of", label, Sys.dup3, place.Number, target.Number, OpenFlags.CloseOnExec);
        batch.Must("add a target to", label, Sys.epoll_ctl, instance, Add, target.Number, batch.In(value));
        if (moves && place.IsTaken)
        {
            DescriptorServer.Move(batch, label, place.Parking, target.Number);
            batch.Must("set the flags of", label, Sys.fcntl, target.Number, SetFlags, flags);
        }
        else if (moves)
            batch.Must("close", label, Sys.close, target.Number);
    }

    private static SavedDescription Holder(DescriptorServer server, SavedDescription saved, EpollTargetRecord target)
    {
        if (target.HolderVPid == 0 && server.Files.TryDescription((uint)target.HolderFd) is { } inFlight)
            return inFlight;
        if (server.Context.Image.FindTask(target.HolderVPid) is { } task && server.Files.TableOf(task)?.Find(target.HolderFd) is { } entry)
            return server.Files.Description(entry.Description);
        throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} watches descriptor {target.HolderFd} of task {target.HolderVPid}, which is not there.",
            saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
    }
}
