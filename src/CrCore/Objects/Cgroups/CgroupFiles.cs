using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Cgroups;

/// <summary>The files of a group that are saved, and how a group is read and made.</summary>
internal static class CgroupFiles
{
    private const uint Permissions = 0xfff;

    /// <summary>More would be no group of a tree, but a machine's.</summary>
    public const int MostDirectories = 4096;

    /// <summary>
    /// What can be set, in an order in which it can be: a cpuset takes tasks once it has processors and memory nodes, a
    /// quota must fit its period (Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst of Linux).
    /// </summary>
    private static readonly string[] _settings =
    [
        "cgroup.clone_children", "notify_on_release", "cgroup.max.depth", "cgroup.max.descendants",
        "cpuset.cpus", "cpuset.mems", "cpuset.cpu_exclusive", "cpuset.mem_exclusive", "cpuset.mem_hardwall", "cpuset.memory_migrate",
        "cpuset.memory_spread_page", "cpuset.memory_spread_slab", "cpuset.sched_load_balance", "cpuset.sched_relax_domain_level",
        "cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us", "cpu.rt_period_us", "cpu.rt_runtime_us", "cpu.weight", "cpu.max", "cpu.idle",
        "memory.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.swappiness", "memory.move_charge_at_immigrate",
        "memory.min", "memory.low", "memory.high", "memory.max", "memory.swap.high", "memory.swap.max", "memory.oom.group",
        "blkio.weight", "blkio.bfq.weight", "io.weight", "pids.max", "net_cls.classid", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max",
    ];

    /// <summary>Files of which only the rights are kept.</summary>
    private static readonly string[] _doors = ["cgroup.procs", "tasks", "cgroup.threads"];

    public static CgroupMount? Open(string? yard, string hierarchy, out Errno errno)
        => yard is null ? CgroupMount.Open(hierarchy, out errno) : CgroupMount.OpenIn(yard, hierarchy, out errno);

    /// <summary>The group and all below it, upper ones first.</summary>
    public static IEnumerable<CgroupDirRecord> Read(CgroupMount mount, string hierarchy, string path, Func<string, string> named)
    {
        var todo = new Stack<string>();
        todo.Push(path);
        for (var n = 0; n < MostDirectories && todo.TryPop(out var at); n++)
        {
            var directory = mount.Path + at;
            if (FileStatus.Read(directory, out var status) != Errno.None)
                continue;
            yield return new(new(hierarchy, named(at)), status.Mode & Permissions, status.Uid, status.Gid, ReadFiles(directory));
            foreach (var below in Directory.GetDirectories(directory))
                todo.Push($"{(at == "/" ? "" : at)}/{Path.GetFileName(below)}");
        }
    }

    private static List<CgroupFile> ReadFiles(string directory)
    {
        var files = new List<CgroupFile>();
        foreach (var name in _doors)
            if (FileStatus.Read($"{directory}/{name}", out var status) == Errno.None)
                files.Add(new(name, status.Mode & Permissions, status.Uid, status.Gid, null));
        foreach (var name in _settings)
            if (FileStatus.Read($"{directory}/{name}", out var status) == Errno.None)
                try
                {
                    files.Add(new(name, status.Mode & Permissions, status.Uid, status.Gid, File.ReadAllText($"{directory}/{name}").TrimEnd('\n')));
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Not to be read (some are there to be written only): the rights are kept.
                    files.Add(new(name, status.Mode & Permissions, status.Uid, status.Gid, null));
                }
        return files;
    }

    /// <summary>Makes a group and those above it that are missing.</summary>
    /// <param name="saved">What it was like, or null for one of which only the name is known.</param>
    /// <returns>What could not be set.</returns>
    public static List<string> Make(CgroupMount mount, string path, CgroupDirRecord? saved)
    {
        var failed = new List<string>();
        var at = mount.Path;
        foreach (var name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var above = at;
            at += "/" + name;
            if (Directory.Exists(at))
                continue;
            Directory.CreateDirectory(at);
            GiveProcessors(above, at);
            if (saved is not null && at.Length == mount.Path.Length + path.Length)
                Set(at, saved, failed);
        }
        return failed;
    }

    private static void Set(string directory, CgroupDirRecord saved, List<string> failed)
    {
        foreach (var file in saved.Files)
        {
            var path = $"{directory}/{file.Name}";
            if (FileStatus.Read(path, out var now) != Errno.None)
                continue;
            try
            {
                if (file.Value is { Length: > 0 } value && File.ReadAllText(path).TrimEnd('\n') != value)
                    File.WriteAllText(path, value);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failed.Add($"{file.Name} ({e.Message})");
            }
            Own(path, now, file.Mode, file.Uid, file.Gid, failed);
        }
        if (FileStatus.Read(directory, out var status) == Errno.None)
            Own(directory, status, saved.Mode, saved.Uid, saved.Gid, failed);
    }

    private static void Own(string path, in FileStatus now, uint mode, uint uid, uint gid, List<string> failed)
    {
        if ((now.Mode & Permissions) == mode && now.Uid == uid && now.Gid == gid)
            return;
        using var open = OwnDescriptor.Open(path, FileNative.O_RDONLY, out var e) ?? OwnDescriptor.Open(path, FileNative.O_WRONLY, out e);
        if (open is not null)
            e = now.Uid == uid && now.Gid == gid ? Errno.None : open.ChangeOwner(uid, gid);
        if (open is not null && e == Errno.None)
            e = open.ChangeMode(mode);
        if (e != Errno.None)
            failed.Add($"owner and mode of {Path.GetFileName(path)} ({e})");
    }

    /// <summary>A new cpuset of v1 has nothing and takes no task: it gets what the one above has.</summary>
    private static void GiveProcessors(string above, string made)
    {
        foreach (var name in (ReadOnlySpan<string>)["cpuset.cpus", "cpuset.mems"])
            if (File.Exists($"{made}/{name}") && File.Exists($"{above}/{name}") && File.ReadAllText($"{made}/{name}").Trim().Length == 0
                && File.ReadAllText($"{above}/{name}").Trim() is { Length: > 0 } has && !File.Exists($"{made}/cgroup.controllers"))
                File.WriteAllText($"{made}/{name}", has);
    }
}
