using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Cgroups;

/// <summary>Saves the groups of tasks, each set and each group once. Kept in the context's states.</summary>
internal sealed class CgroupCapture(CaptureContext context)
{
    private readonly CgroupRoots _roots = new(context.Options.CgroupRoot, context.Options.CgroupHierarchyRoots);
    private readonly HashSet<(string Hierarchy, string Path)> _seen = [];
    private readonly List<CgroupMembership> _list = [];
    private List<CgroupMembership>? _own;
    private uint _taskSet;
    private byte[] _taskText = [];

    /// <param name="number">The task or thread, as the tree sees it.</param>
    /// <param name="always">Whether it is told although it is that of the task before: a thread's is told where it differs.</param>
    public void Capture(int number, TaskDir dir, bool always, RecordSink sink)
    {
        if (!context.Proc.TryRead(dir, "cgroup"u8, out var text))
            return;
        if (!always && text.SequenceEqual(_taskText))
            return;
        if (always)
            _taskText = text.ToArray();
        _list.Clear();
        if (!ProcCgroups.TryParse(text, _list))
            throw KernelError.BadText($"{dir}/cgroup", dir.Task);
        if (_list.Count == 0)
            return;
        var key = string.Join('\n', _list);
        var set = context.Shared.Reference(("cgroups", key), out var first);
        if (!always && set == _taskSet)
            return;
        if (always)
            _taskSet = set;
        if (first)
        {
            var places = new CgroupPlace[_list.Count];
            for (var i = 0; i < places.Length; i++)
                places[i] = new(_list[i].Controllers, _roots.Below(_list[i].Controllers, _list[i].Path));
            sink.Emit(new CgroupsRecord(set, places));
            if (context.Options.Cgroup == CgroupPolicy.Create)
                foreach (var m in _list)
                    CaptureGroups(m, sink);
        }
        sink.Emit(new InCgroupsRecord(number, set));
    }

    /// <summary>The group and those below it. Groups that this program is in, too, are its surroundings and not the tree's.</summary>
    private void CaptureGroups(CgroupMembership membership, RecordSink sink)
    {
        if (membership.Path == "/" || membership.Path.StartsWith("/..", StringComparison.Ordinal) || Own.Contains(membership))
            return;
        using var mount = CgroupFiles.Open(context.Options.CgroupYard, membership.Controllers, out var errno);
        if (mount is null)
        {
            context.Warnings.Add(new("CrCgroupUnreadable", CrErrorKind.Obstacle, ObstacleSeverity.Warning, 0, "", $"cgroup {membership.Controllers}:{membership.Path}",
                $"its settings cannot be read ({errno}); only that the tasks are in it is saved", "Run as root (CAP_SYS_ADMIN)."));
            return;
        }
        foreach (var record in CgroupFiles.Read(mount, membership.Controllers, membership.Path, p => _roots.Below(membership.Controllers, p)))
            if (_seen.Add((membership.Controllers, record.Place.Path)))
                sink.Emit(record);
    }

    private List<CgroupMembership> Own
    {
        get
        {
            if (_own is null)
            {
                _own = [];
                ProcCgroups.TryRead(context.Proc, new TaskDir(Environment.ProcessId), _own);
            }
            return _own;
        }
    }
}
