using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Objects.Numa;

/// <summary>The nodes of this machine's memory.</summary>
internal sealed class NumaNodes
{
    private const string Possible = "/sys/devices/system/node/possible";

    /// <summary>One node is shown as "0"; a kernel without CONFIG_NUMA has no such file.</summary>
    public bool AreSeveral { get; } = File.Exists(Possible) && File.ReadAllText(Possible).Trim() != "0";
}

/// <summary>Asks a task for the policy of each of its mappings, first for the modes, then for the nodes of those that have one.</summary>
internal sealed class PolicySearch(IReadOnlyList<MemoryMapping> mappings)
{
    /// <summary>Well within what a batch may have.</summary>
    private const int MostAtOnce = 2000;

    /// <summary>MPOL_F_ADDR: of the mapping at an address.</summary>
    private const int OfAddress = 2;

    private readonly List<(MemoryMapping Mapping, Slot Call, RemoteBuffer Room)> _asked = [];
    private readonly List<MemoryMapping> _special = [];
    private int _next;
    private bool _forNodes;

    /// <summary>Ascending.</summary>
    public List<MappingPolicy> Found { get; } = [];

    public bool Next(SyscallBatch batch)
    {
        foreach (var (mapping, call, room) in _asked)
            if (batch.ErrnoOf(call) == Errno.None)
                Take(mapping, batch, room);
        _asked.Clear();
        batch.Reset();
        if (!_forNodes && _next == mappings.Count)
            (_forNodes, _next) = (true, 0);
        var due = _forNodes ? _special : mappings;
        for (; _next < due.Count && _asked.Count < MostAtOnce; _next++)
        {
            var room = _forNodes ? MemoryPolicy.Room(batch) : batch.Out(8);
            var call = _forNodes
                ? batch.Try(Sys.get_mempolicy, room, room.Skip(8), MemoryPolicy.NodeBits, due[_next].Start, OfAddress)
                : batch.Try(Sys.get_mempolicy, room, 0, 0, due[_next].Start, OfAddress);
            _asked.Add((due[_next], call, room));
        }
        return _asked.Count > 0;
    }

    private void Take(in MemoryMapping mapping, SyscallBatch batch, RemoteBuffer room)
    {
        if (_forNodes)
            Found.Add(new(mapping.Start, mapping.End, MemoryPolicy.Of(batch, room)));
        else if (batch.Read<uint>(room) != 0)
            _special.Add(mapping);
    }
}
