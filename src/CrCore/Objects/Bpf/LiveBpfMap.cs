using System.Text;
using CrCore.Kernel;

namespace CrCore.Objects.Bpf;

/// <summary>Between maps that live and their records.</summary>
internal static class LiveBpfMap
{
    /// <summary>BPF_F_NUMA_NODE: on which node is not told.</summary>
    private const uint OnNode = 4;

    /// <summary>
    /// BPF_F_NO_PREALLOC, BPF_F_NO_COMMON_LRU, BPF_F_ZERO_SEED, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG, BPF_F_MMAPABLE,
    /// BPF_F_PRESERVE_ELEMS, BPF_F_INNER_MAP.
    /// </summary>
    private const uint Known = 0x1 | 0x2 | 0x40 | 0x80 | 0x100 | 0x400 | 0x800 | 0x1000;

    /// <summary>Why a map cannot be saved, or null.</summary>
    public static string? Refusal(in BpfMapInfo info, OwnDescriptor map)
    {
        if (!Enum.IsDefined((BpfMapType)info.Type))
            return $"maps of type {info.Type} hold objects of the kernel, or what cannot be read out";
        if (info.BtfId != 0 || info.BtfVmlinuxValueTypeId != 0)
            return "it has types (BTF), which are not saved yet";
        if (info.InterfaceIndex != 0)
            return "it lives on a network device";
        if ((info.MapFlags & OnNode) != 0)
            return "it was bound to a NUMA node, and the kernel does not tell to which";
        if ((info.MapFlags & ~Known) is not 0 and var unknown)
            return $"it has the flags 0x{unknown:x}, which this program does not know";
        var perCpu = new BpfMapRecord { ObjRef = 0, MapType = (BpfMapType)info.Type, KeySize = 0, ValueSize = 0, MaxEntries = 0 }.IsPerCpu;
        var processors = perCpu ? BpfCalls.PossibleProcessors : 1;
        if (processors == 0)
            return "it has values for each processor, and the kernel does not tell how many processors there can be";
        if (info.KeySize > BpfMapRecord.MaxKey || (info.ValueSize + 7L) * processors + info.KeySize > BpfMapRecord.MaxElement)
            return $"one of its elements has more than {BpfMapRecord.MaxElement} bytes";
        // Looked up, a queue tells the element that is next and leaves it there (queue_stack_map_lookup_elem).
        if ((BpfMapType)info.Type is BpfMapType.Queue or BpfMapType.Stack && BpfCalls.Lookup(map, [], new byte[info.ValueSize]) != Errno.ENOENT)
            return "elements wait in it, and cannot be read without taking them";
        return null;
    }

    public static BpfMapRecord Record(uint objRef, in BpfMapInfo info, bool isFrozen)
    {
        var record = new BpfMapRecord
        {
            ObjRef = objRef,
            MapType = (BpfMapType)info.Type,
            KeySize = info.KeySize,
            ValueSize = info.ValueSize,
            MaxEntries = info.MaxEntries,
            Flags = info.MapFlags,
            IsFrozen = isFrozen,
            Extra = info.MapExtra,
            Name = BpfCalls.Text(info.Name),
        };
        return record.IsPerCpu ? record with { Processors = (uint)BpfCalls.PossibleProcessors } : record;
    }

    public static BpfMapCreation Creation(BpfMapRecord map)
    {
        var creation = new BpfMapCreation
        {
            MapType = (uint)map.MapType,
            KeySize = map.KeySize,
            ValueSize = map.ValueSize,
            MaxEntries = map.MaxEntries,
            MapFlags = map.Flags,
            MapExtra = map.Extra,
        };
        Span<byte> name = creation.Name;
        Encoding.ASCII.GetBytes(map.Name, name[..BpfMapRecord.MaxName]);
        return creation;
    }
}
