using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>NAMESPACE_FILE (352): a descriptor that stands for a namespace, as setns(2) takes it.</summary>
/// <param name="VPid">A task of the tree that is in it.</param>
/// <param name="Kind">The name below /proc/PID/ns.</param>
public sealed record NamespaceFileRecord(int VPid, string Kind) : ICrRecord
{
    internal const short Id = 352;
    internal const int MaxKind = 16, MaxPayload = 8 + MaxKind;

    /// <inheritdoc/>
    public short Type => Id;
    /// <inheritdoc/>
    public uint Parent => 0;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w)
    {
        w.I32(VPid);
        w.Text(Kind);
    }

    internal static NamespaceFileRecord Read(uint parent, ref FieldReader r)
    {
        var record = new NamespaceFileRecord(r.I32(), r.Text(MaxKind));
        return record.Kind is "mnt" or "uts" or "ipc" or "net" or "user" or "pid" or "cgroup" or "time" ? record : throw r.Bad($"there is no namespace of the kind '{record.Kind}'");
    }
}

/// <summary>Descriptors onto files of /proc/PID/ns, of namespaces that tasks of the tree are in.</summary>
internal sealed class NamespaceFileKind : IDescriptorKind
{
    /// <summary>NSFS_MAGIC of include/uapi/linux/magic.h.</summary>
    private const ulong Magic = 0x6e736673;

    public IReadOnlyList<FdType> Types { get; } = [FdType.NamespaceFile];

    public IEnumerable<RecordType> Records => [new(NamespaceFileRecord.Id, "NAMESPACE_FILE", NamespaceFileRecord.Read, NamespaceFileRecord.MaxPayload)];

    public bool Claims(Descriptor d) => d.Place == NamePlace.Nameless && d.Name.Contains(":[", StringComparison.Ordinal) && FileSystemType.OfDescriptor(d.Pid, d.Fd) == Magic;

    public void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        foreach (var task in inspection.Context.Tasks.Values)
            if (!task.IsZombie && IsIn(task.Pid, d))
                return;
        inspection.Refuse(d, "CrNamespaceOutside", $"no task of the tree is in the namespace {d.Name} that it stands for", "Let the program close it first.");
    }

    public SavedForm Capture(DescriptorCapture capture, Descriptor d)
    {
        foreach (var task in capture.Context.Tasks)
            if (!task.IsZombie && IsIn(task.Pid, d))
                return new(FdType.NamespaceFile, d.Name, Records: [new NamespaceFileRecord(task.VPid, KindOf(d))]);
        throw new CrTargetException("CrNamespaceOutside", $"Task {d.Pid}: no task of the tree is in the namespace that {d.Label} stands for.", "Let the program close it first.") { Pid = d.Pid, Object = d.Label };
    }

    public void Check(CheckContext context, SavedDescription saved)
    {
        if (context.Image.FindTask(Require(saved).VPid) is null)
            throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} is of a task that is not there.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
    }

    public Action? Restore(DescriptorServer server, SavedDescription saved, SyscallBatch batch)
    {
        var record = Require(saved);
        server.Open(saved, $"/proc/{record.VPid}/ns/{record.Kind}", OpenFlags.Reopening(saved.Data.Flags) & ~OpenFlags.NoFollow, batch);
        return null;
    }

    private static bool IsIn(int pid, Descriptor d)
        => FileStatus.Read($"/proc/{pid}/ns/{KindOf(d)}", out var status) == Errno.None && (status.Device, status.Inode) == (d.Status.Device, d.Status.Inode);

    private static string KindOf(Descriptor d) => d.Name[..d.Name.IndexOf(':')];

    private static NamespaceFileRecord Require(SavedDescription saved) => saved.Get<NamespaceFileRecord>()
        ?? throw new CrImageException("CrImageBadFiles", $"The image is broken: {saved.Task}: {saved.Label} has no NAMESPACE_FILE record.", saved.Task.Offset, "The image is damaged or was not written by this format; take another copy.");
}
