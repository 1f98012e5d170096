using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Cgroups;

/// <summary>Puts restored tasks into their groups. Kept in the context's states.</summary>
internal sealed class CgroupJoin
{
    private readonly RestoreContext _context;
    private readonly CgroupRoots _roots;

    /// <summary>Where a task is that nothing was done to: the groups of this program, then those of the root.</summary>
    private readonly Dictionary<string, string> _inherited = [];

    private readonly Dictionary<string, CgroupMount?> _mounts = [];
    private readonly HashSet<string> _told = [];

    public CgroupJoin(RestoreContext context)
    {
        _context = context;
        _roots = new CgroupRoots(context.Options.CgroupRoot, context.Options.CgroupHierarchyRoots);
        var own = new List<CgroupMembership>();
        ProcCgroups.TryRead(context.Proc, new TaskDir(Environment.ProcessId), own);
        foreach (var m in own)
            _inherited[m.Controllers] = m.Path;
    }

    private bool Creates => _context.Options.Cgroup == CgroupPolicy.Create;

    /// <summary>Makes the saved groups that are missing, those that no task is in, too.</summary>
    public void MakeGroups()
    {
        if (!Creates)
            return;
        foreach (var task in _context.Image.Tasks)
            foreach (var saved in task.All<CgroupDirRecord>())
                if (Mount(saved.Place.Hierarchy) is { } mount)
                    Make(mount, saved.Place, saved);
    }

    public void JoinTask(RestoringTask task)
    {
        if (task.IsZombie || task.Image.Get<InCgroupsRecord>() is not { } set)
            return;
        foreach (var place in _context.Image.Object<CgroupsRecord>(set.Set).Places)
        {
            var path = _roots.Absolute(place.Hierarchy, place.Path);
            if (_inherited.GetValueOrDefault(place.Hierarchy) == path)
                continue;
            if (Join(task, place, path, "cgroup.procs", task.Pid) && task == _context.Root)
                _inherited[place.Hierarchy] = path;
        }
    }

    public void JoinThread(RestoringThread thread, InCgroupsRecord set)
    {
        var task = thread.Task.Image.Get<InCgroupsRecord>();
        var places = task is null ? [] : _context.Image.Object<CgroupsRecord>(task.Set).Places;
        foreach (var place in _context.Image.Object<CgroupsRecord>(set.Set).Places)
            if (!places.Contains(place))
                Join(thread.Task, place, _roots.Absolute(place.Hierarchy, place.Path), place.Hierarchy.Length == 0 ? "cgroup.threads" : "tasks", thread.Tid);
    }

    private bool Join(RestoringTask task, in CgroupPlace place, string path, string door, int number)
    {
        var what = $"cgroup {place.Hierarchy}:{path}";
        if (Mount(place.Hierarchy) is not { } mount)
            return false;
        if (Creates)
            Make(mount, place, null);
        else if (!Directory.Exists(mount.Path + path))
            return Fail(task, what, "it is missing here", "Restore with -Cgroup Create to make it.");
        try
        {
            File.WriteAllText($"{mount.Path}{path}/{door}", number.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(task, what, $"the task could not join it: {e.Message.TrimEnd('.')}", "Look at its limits and at who may write to cgroup.procs.");
        }
    }

    private void Make(CgroupMount mount, in CgroupPlace place, CgroupDirRecord? saved)
    {
        var path = _roots.Absolute(place.Hierarchy, place.Path);
        var what = $"cgroup {place.Hierarchy}:{path}";
        try
        {
            foreach (var failure in CgroupFiles.Make(mount, path, saved))
                _context.Warn(_context.Root, "CrCgroupSetting", what, $"it was made, but {failure} could not be set");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(_context.Root, what, $"it could not be made: {e.Message.TrimEnd('.')}", "Run as root, or as the owner of the group above it.");
        }
    }

    /// <summary>The hierarchy, or null when it is not to be had; that is told once.</summary>
    private CgroupMount? Mount(string hierarchy)
    {
        if (_mounts.TryGetValue(hierarchy, out var mount))
            return mount;
        // Mounting one that the machine has not would make it.
        if (!_inherited.ContainsKey(hierarchy) && !Creates)
        {
            Fail(_context.Root, $"cgroup hierarchy {hierarchy}", "this machine has none of that name", "Restore with -Cgroup Create to make it.");
            return _mounts[hierarchy] = null;
        }
        mount = CgroupFiles.Open(_context.Options.CgroupYard, hierarchy, out var errno);
        if (mount is null)
            Fail(_context.Root, $"cgroup hierarchy {(hierarchy.Length == 0 ? "v2" : hierarchy)}", $"it cannot be reached ({errno})", "Run as root (CAP_SYS_ADMIN), or with -Cgroup Ignore.");
        return _mounts[hierarchy] = mount;
    }

    /// <summary>A wish that is not met ends a restore that insists on it, and is told otherwise.</summary>
    private bool Fail(RestoringTask task, string what, string reason, string advice)
    {
        if (Creates)
            throw new CrTargetException("CrCgroup", $"{what}: {reason}.", advice) { Pid = task.VPid };
        if (_told.Add(what))
            _context.Warn(task, "CrCgroup", what, reason + "; the task stays in the restoring program's", advice);
        return false;
    }
}
