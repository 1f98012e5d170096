using CrCore.Kernel;

namespace CrCore.Objects.Bpf;

/// <summary>
/// Who has maps beside the tree's descriptors: programs of the machine, other maps, names in BPF file systems. A restored map
/// is a new one, which none of them knows.
/// </summary>
internal sealed class BpfUsers
{
    /// <summary>BPF_MAP_TYPE_ARRAY_OF_MAPS and BPF_MAP_TYPE_HASH_OF_MAPS: looked up, they tell the ids of the maps in them.</summary>
    private const uint ArrayOfMaps = 12, HashOfMaps = 13;

    /// <summary>So deep are BPF file systems looked through.</summary>
    private const int MostLevels = 16;

    private readonly Dictionary<uint, string> _users = [];

    public BpfUsers(ProcReader proc)
    {
        for (var id = BpfCalls.NextProgram(0, out _); id is not null; id = BpfCalls.NextProgram(id.Value, out _))
            foreach (var map in BpfCalls.MapsOfProgram(id.Value, out var name))
                _users.TryAdd(map, $"the BPF program {id} ({name}) uses it");
        for (var id = BpfCalls.NextMap(0, out _); id is not null; id = BpfCalls.NextMap(id.Value, out _))
            AddInner(id.Value);
        var mounts = new List<MountEntry>();
        ProcMountInfo.TryRead(proc, Environment.ProcessId, mounts);
        foreach (var mount in mounts)
            if (mount.FileSystem == "bpf")
                AddPins(proc, mount.MountPoint, 0);
    }

    /// <summary>Who else has the map, or null.</summary>
    public string? Of(uint map) => _users.GetValueOrDefault(map);

    private void AddInner(uint id)
    {
        using var outer = BpfCalls.MapById(id, out _);
        if (outer is null || BpfCalls.MapInfo(outer, out var info) != Errno.None || info.Type is not (ArrayOfMaps or HashOfMaps))
            return;
        byte[] key = new byte[info.KeySize], next = new byte[info.KeySize];
        Span<byte> value = stackalloc byte[sizeof(uint)];
        for (var i = 0L; i <= info.MaxEntries && BpfCalls.NextKey(outer, i == 0 ? [] : key, next) == Errno.None; i++)
        {
            (key, next) = (next, key);
            if (BpfCalls.Lookup(outer, key, value) == Errno.None)
                _users.TryAdd(BitConverter.ToUInt32(value), $"it is in another map, {id} ({BpfCalls.Text(info.Name)})");
        }
    }

    private void AddPins(ProcReader proc, string folder, int level)
    {
        foreach (var path in DirectoryNames.All(folder))
        {
            if (FileStatus.Read(path, out var status, follow: false) != Errno.None)
                continue;
            if (status.IsDirectory && level < MostLevels)
                AddPins(proc, path, level + 1);
            if (!status.IsRegular)
                continue;
            using var pinned = BpfCalls.Pinned(path);
            if (pinned is not null && ProcFd.TryReadTarget(proc, Environment.ProcessId, pinned.Number, out var target) && target == BpfMapKind.LinkText
                && BpfCalls.MapInfo(pinned, out var info) == Errno.None)
                _users.TryAdd(info.Id, $"it is pinned as {path}");
        }
    }
}
