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
public sealed class EpollKind : IDescriptorKind
{
    private const int Add = 1, EventSize = 12;

    public IReadOnlyList<FdType> Types { get; } = [FdType.Epoll];

    public IEnumerable<RecordType> Records => [new(EventRecordIds.EpollTarget, "EPOLL_TARGET", EpollTargetRecord.Read, EpollTargetRecord.PayloadSize)];

    public bool Claims(Descriptor d) => d.Name == "anon_inode:[eventpoll]";

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        List<Descriptor> all = [.. inspection.All];
        foreach (var target in EpollTarget.Of(d))
            if (target.FindHolder(d, all) is not { } holder)
                inspection.Refuse(d, "CrEpollTargetUnheld", $"it watches something, added as descriptor {target.Number}, that no task of the tree has open any more",
                    "Let the program remove it (EPOLL_CTL_DEL) before it hands the descriptor to others.");
            else if (IsForeignSignalFd(holder, d.Pid, inspection.Context.Root.Pid))
                inspection.Refuse(d, "CrEpollSignalFd", $"it watches the signalfd {holder.Fd} of a task that is not the root of the tree, which cannot be saved yet");
    }

    // A signalfd that is watched wakes for the signals of the task that added it (signalfd_poll in fs/signalfd.c), and
    // targets are added by the root's puppet.
    private static bool IsForeignSignalFd(Descriptor target, int epollPid, int root)
        => epollPid != root && target.Name == "anon_inode:[signalfd]";

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        var tree = capture.Context.States.Get(() => new TreeDescriptors(capture.Context));
        var records = new List<ICrRecord>();
        foreach (var target in EpollTarget.Of(d))
        {
            if (target.FindHolder(d, tree.All) is not { } holder || IsForeignSignalFd(holder, d.Pid, capture.Context.Tasks[0].Pid))
                throw new CrTargetException("CrEpollTargetUnheld", $"Task {d.Pid}: {d.Label} watches something, added as descriptor {target.Number} since preflight, that cannot be saved.",
                    "Run the checkpoint again: preflight says why.") { Pid = d.Pid, Object = d.Label };
            records.Add(new EpollTargetRecord(target.Number, target.Events, target.Data, capture.ToVPid(holder.Pid), holder.Fd));
        }
        return new(FdType.Epoll, d.Name, Records: records);
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        DescriptorServer.Move(batch, saved.Label, batch.Must("make an epoll instance", saved.Label, Sys.epoll_create1, 0), server.NumberOf(saved));
        return null;
    }

    /// <summary>Each target stands at its old number for a moment; that it goes from there again changes nothing, for its description lives on.</summary>
    public void Link(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        Span<byte> value = stackalloc byte[EventSize];
        foreach (var record in saved.Records)
        {
            if (record is not EpollTargetRecord target)
                continue;
            BinaryPrimitives.WriteUInt32LittleEndian(value, target.Events);
            BinaryPrimitives.WriteUInt64LittleEndian(value[4..], target.Data);
            var (number, parked) = (server.NumberOf(Holder(server, saved, target)), server.Base);
            var (moves, isTaken) = (number != target.Number, server.IsTaken(target.Number));
            // One that is in the way goes aside meanwhile; should it be the instance itself, it is reached there.
            var instance = moves && server.NumberOf(saved) == target.Number ? parked : server.NumberOf(saved);
            if (moves && isTaken)
                batch.Must("set aside", saved.Label, Sys.dup3, target.Number, parked, OpenFlags.CloseOnExec);
            if (moves)
                batch.Must("place a target of", saved.Label, Sys.dup3, number, target.Number, OpenFlags.CloseOnExec);
            batch.Must("add a target to", saved.Label, Sys.epoll_ctl, instance, Add, target.Number, batch.In(value));
            if (moves && isTaken)
                DescriptorServer.Move(batch, saved.Label, parked, target.Number);
            else if (moves)
                batch.Must("close", saved.Label, Sys.close, target.Number);
        }
    }

    private static SavedDescription Holder(DescriptorServer server, SavedDescription saved, EpollTargetRecord target)
    {
        if (server.Context.Image.FindTask(target.HolderVPid) is { } task && server.Files.TableOf(task) is { } table)
            foreach (var entry in table.Entries)
                if (entry.Fd == target.HolderFd)
                    return server.Files.Description(entry.Description);
        throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} watches descriptor {target.HolderFd} of task {target.HolderVPid}, which is not there.",
            saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
    }

    /// <summary>All descriptors of the frozen tree, read once for all instances.</summary>
    private sealed class TreeDescriptors(CaptureContext context)
    {
        public IReadOnlyList<Descriptor> All { get; } = [.. context.Tasks.Where(t => !t.IsZombie).SelectMany(t => DescriptorReader.Read(context.Proc, t.Pid))];
    }
}
