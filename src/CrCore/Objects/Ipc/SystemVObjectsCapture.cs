using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Memory;

namespace CrCore.Objects.Ipc;

/// <summary>Turns what was found in the tree's own IPC namespace into records, at the root.</summary>
internal sealed class SystemVObjectsCapture(CaptureContext context)
{
    private readonly TreeIds _ids = TreeIds.Of(context);

    public void Emit(TreeIpc.Contents found, RecordSink sink)
    {
        var root = context.Root.VPid;
        sink.Emit(new IpcLimitsRecord(root, found.Limits));
        EmitSegments(found, sink);
        var pids = new Dictionary<int, int>();
        foreach (var task in context.Tasks)
            pids[task.Pid] = task.VPid;
        foreach (var set in found.Sets)
        {
            var s = set.Status;
            var semaphores = new SavedSemaphore[set.Values.Length];
            for (var i = 0; i < semaphores.Length; i++)
                semaphores[i] = new(set.Values[i], set.Pids[i] == 0 ? 0 : pids.GetValueOrDefault(set.Pids[i], -1));
            sink.Emit(new SemaphoreSetRecord(root, Name(set.Id, s.Key, s.Uid, s.Gid, s.CreatorUid, s.CreatorGid, s.Mode), semaphores));
        }
        foreach (var queue in found.Queues)
        {
            var q = queue.Status;
            sink.Emit(new SystemVQueueRecord(root, Name(queue.Id, q.Key, q.Uid, q.Gid, q.CreatorUid, q.CreatorGid, q.Mode), q.MaxBytes));
            foreach (var (type, bytes) in queue.Messages)
                EmitMessage(sink, type, bytes);
        }
        foreach (var queue in found.PosixQueues)
            EmitPosixQueue(queue, sink);
    }

    /// <summary>
    /// Those that no task has attached: the others stand where their memory is met. One that was removed lives by its attachments.
    /// </summary>
    private void EmitSegments(TreeIpc.Contents found, RecordSink sink)
    {
        if (found.Segments.Count == 0)
            return;
        var attached = new HashSet<ulong>();
        var mappings = new List<MemoryMapping>();
        foreach (var task in context.Tasks)
        {
            mappings.Clear();
            if (!task.IsZombie && ProcMaps.TryRead(context.Proc, task.Pid, mappings))
                foreach (var m in mappings)
                    if (m.Kind == MappingKind.SystemVShared)
                        attached.Add(m.Inode);
        }
        var shared = context.States.Get<SharedMemoryCapture>();
        foreach (var (id, status) in found.Segments)
        {
            if (status.Attached > 0 && !attached.Contains((ulong)id))
                context.Warnings.Add(new("CrSystemVOutside", CrErrorKind.Obstacle, ObstacleSeverity.Warning, context.Root.Pid, context.Root.Comm, $"System V segment {id}",
                    "only processes outside of the tree have it attached: a restored tree has a segment of its own in its place", null));
            if (attached.Contains((ulong)id) || (status.Mode & SystemVMemory.Removed) != 0)
                continue;
            var memory = shared.TakeSegment(context, id, status.Size, Open(id, status));
            sink.Emit(memory);
            sink.Emit(SystemVCapture.Describe(context, memory.ObjRef, id, status.Key, status, attachedHere: 0));
        }
    }

    private OwnDescriptor Open(int id, in SystemVSegmentStatus status)
    {
        var size = status.Size;
        var (file, errno) = IpcNamespace.Run(context.Proc, context.Root.Pid, () => (SystemVObjects.OpenSegment(id, size, out var e), e));
        return file ?? throw Refuse(id, $"it cannot be read: {errno} ({errno.Describe()})", "Run with CAP_CHECKPOINT_RESTORE in the initial user namespace.");
    }

    private CrPreflightException Refuse(int id, string reason, string advice) => new("CrCheckpointObstacles",
        [new("CrIpcNotSaved", CrErrorKind.NotSupported, ObstacleSeverity.Error, context.Root.Pid, context.Root.Comm, $"System V segment {id}", reason, advice)]);

    /// <summary>Messages of these can only be taken, and put back. Who waits to be notified would be, then: refused before.</summary>
    private void EmitPosixQueue(TreeIpc.PosixQueue queue, RecordSink sink)
    {
        var (now, status) = (queue.Attributes, queue.Status);
        sink.Emit(new PosixQueueRecord(context.Root.VPid, queue.Name, now.MaxMessages, now.MessageSize, status.Mode & 0xfff, _ids.User(status.Uid), _ids.Group(status.Gid)));
        if (now.Messages == 0)
            return;
        foreach (var (priority, bytes) in IpcNamespace.Run(context.Proc, context.Root.Pid, () => MessageQueueFiles.Copy(queue.Name, (int)now.MessageSize)))
            EmitMessage(sink, priority, bytes);
    }

    private void EmitMessage(RecordSink sink, long type, ReadOnlyMemory<byte> bytes)
    {
        do
        {
            var part = bytes[..Math.Min(bytes.Length, QueuedMessageRecord.MaxBytes)];
            bytes = bytes[part.Length..];
            sink.Emit(new QueuedMessageRecord(context.Root.VPid, type, bytes.Length > 0, part));
        }
        while (bytes.Length > 0);
    }

    private SystemVName Name(int id, int key, uint uid, uint gid, uint creatorUid, uint creatorGid, uint mode)
        => new(key, id, _ids.User(uid), _ids.Group(gid), _ids.User(creatorUid), _ids.Group(creatorGid), mode & 0x1ff);
}
