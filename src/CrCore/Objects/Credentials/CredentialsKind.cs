using System.Runtime.InteropServices;
using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Credentials;

/// <summary>User and group ids, groups, capabilities, securebits and no_new_privs of each thread.</summary>
internal sealed class CredentialsKind : ICapturesThread, IRestoresThread, IChecksImage
{
    public IEnumerable<RecordType> Records { get; } =
        [new(CredentialsRecord.Id, "CREDENTIALS", CredentialsRecord.Read, CredentialsRecord.MaxPayload)];

    public RestoreStage ThreadStage => RestoreStage.Privileges;

    public bool ThreadStepComesFirst => false;

    /// <summary>
    /// Capability sets have the same numbers everywhere and come from /proc; ids are asked for inside, so that they are
    /// those of the tree's own user namespace.
    /// </summary>
    public Action<RecordSink> Capture(CaptureContext context, FrozenThread thread, SyscallBatch batch)
    {
        if (!ProcStatus.TryRead(context.Proc, new TaskDir(thread.Pid, thread.Tid), out var status))
            throw new CrTargetException("CrTaskEnded", $"Task {thread.Tid} ended while it was frozen.") { Pid = thread.Tid };
        const int size = sizeof(uint);
        RemoteBuffer uid = batch.Out(4 * size), gid = batch.Out(4 * size), groups = batch.Out(Math.Max(1, status.Groups.Length) * size);
        batch.Must("read the user ids", null, Sys.getresuid, uid, uid.Skip(size), uid.Skip(2 * size));
        batch.Must("read the group ids", null, Sys.getresgid, gid, gid.Skip(size), gid.Skip(2 * size));
        // An id that no user can have: nothing is set, the present one is the result (setfsuid(2)).
        var fsUid = batch.Try(Sys.setfsuid, uint.MaxValue);
        var fsGid = batch.Try(Sys.setfsgid, uint.MaxValue);
        batch.Must("read the groups", null, Sys.getgroups, status.Groups.Length, groups);
        var secureBits = batch.Must("read the securebits", null, Sys.prctl, (int)PrctlOption.GetSecureBits);
        return sink => sink.Emit(new CredentialsRecord
        {
            VTid = thread.VTid,
            Uid = Ids(batch, uid, fsUid),
            Gid = Ids(batch, gid, fsGid),
            Groups = status.Groups.Length == 0 ? [] : MemoryMarshal.Cast<byte, uint>(batch.Bytes(groups)).ToArray(),
            Inheritable = status.InheritableCapabilities,
            Permitted = status.PermittedCapabilities,
            Effective = status.EffectiveCapabilities,
            Bounding = status.BoundingCapabilities,
            Ambient = status.AmbientCapabilities,
            SecureBits = (uint)batch.Result(secureBits),
            NoNewPrivileges = status.NoNewPrivileges,
        });
    }

    private static IdSet Ids(SyscallBatch batch, RemoteBuffer three, Slot fileSystem)
    {
        var ids = MemoryMarshal.Cast<byte, uint>(batch.Bytes(three));
        return new IdSet(ids[0], ids[1], ids[2], (uint)batch.Result(fileSystem));
    }

    public Action? Restore(RestoreContext context, RestoringThread thread, SyscallBatch batch)
    {
        if (thread.Image.Get<CredentialsRecord>() is not { } saved)
            return null;
        var start = context.States.Get(() => new Start(context));
        var secureBits = new CredentialsSteps(saved, start.Status, start.GroupsAllowed).Add(batch);
        // The same calls from the same start lead to the same end: one look at each end is enough.
        if (!start.Looked.Add(Key(saved)))
            return null;
        return () =>
        {
            var now = Status(context, new TaskDir(thread.Task.Pid, thread.Tid));
            if (CredentialsCheck.Difference(saved, now, (uint)batch.Result(secureBits), context.InUserNamespace) is not { } difference)
                return;
            start.Looked.Remove(Key(saved));
            context.Warn(thread.Task, "CrCredentialsDiffer", $"credentials of thread {thread.Image.VTid}", difference);
        };
    }

    /// <summary>What two records must have in common to ask for the same.</summary>
    private static (IdSet, IdSet, ulong, ulong, ulong, ulong, ulong, uint, bool, string) Key(CredentialsRecord r)
        => (r.Uid, r.Gid, r.Inheritable, r.Permitted, r.Effective, r.Bounding, r.Ambient, r.SecureBits, r.NoNewPrivileges, string.Join(',', r.Groups));

    private static ProcStatus Status(RestoreContext context, TaskDir dir)
        => ProcStatus.TryRead(context.Proc, dir, out var status)
            ? status
            : throw new CrTargetException("CrPuppetFailed", $"Task {dir.Task} ended while it was being restored.") { Pid = dir.Task };

    public void Check(CheckContext context) => CredentialsCheck.Check(context);

    /// <summary>What all puppets start with: they are clones of the first, and none has changed its credentials so far.</summary>
    private sealed class Start
    {
        public Start(RestoreContext context)
        {
            Status = CredentialsKind.Status(context, context.Root.Pid);
            GroupsAllowed = ProcValues.TryReadSetGroups(context.Proc, context.Root.Pid, out var allowed) && allowed;
        }

        public ProcStatus Status { get; }

        public bool GroupsAllowed { get; }

        public HashSet<(IdSet, IdSet, ulong, ulong, ulong, ulong, ulong, uint, bool, string)> Looked { get; } = [];
    }
}
