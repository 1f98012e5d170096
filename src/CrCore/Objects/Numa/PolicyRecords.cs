using CrCore.Image;

namespace CrCore.Objects.Numa;

/// <summary>Ids of the records of these kinds.</summary>
public static class PolicyRecordIds
{
    public const short Thread = 175;
    public const short Mappings = 176;
}

/// <summary>MEMORY_POLICY (175): where a thread's memory is taken from (set_mempolicy(2)); only where it was said.</summary>
public sealed record ThreadPolicyRecord(int VTid, MemoryPolicy Policy) : ICrRecord
{
    public short Type => PolicyRecordIds.Thread;
    public uint Parent => (uint)VTid;

    public void Write(ref FieldWriter w) => Policy.Write(ref w);

    public static ThreadPolicyRecord Read(uint parent, ref FieldReader r) => new((int)parent, MemoryPolicy.Read(ref r));
}

/// <summary>Where the memory of some addresses is taken from.</summary>
public sealed record MappingPolicy(ulong Start, ulong End, MemoryPolicy Policy);

/// <summary>MAPPING_POLICIES (176): parts of a task's memory for which mbind(2) said something of their own, ascending.</summary>
public sealed record MappingPoliciesRecord(int VPid, IReadOnlyList<MappingPolicy> Policies) : ICrRecord
{
    /// <summary>vm.max_map_count is 65,530 as a rule.</summary>
    public const int MaxCount = 1 << 20;

    private const int LeastSize = 24;

    public const int MaxPayload = 4 + MaxCount * LeastSize;

    public short Type => PolicyRecordIds.Mappings;
    public uint Parent => (uint)VPid;

    public void Write(ref FieldWriter w)
    {
        w.U32((uint)Policies.Count);
        foreach (var p in Policies)
        {
            w.U64(p.Start);
            w.U64(p.End);
            p.Policy.Write(ref w);
        }
    }

    public static MappingPoliciesRecord Read(uint parent, ref FieldReader r)
    {
        var policies = new MappingPolicy[r.Count(LeastSize)];
        ulong last = 0;
        for (var i = 0; i < policies.Length; i++)
        {
            var p = policies[i] = new(r.U64(), r.U64(), MemoryPolicy.Read(ref r));
            if (p.Start < last || p.End <= p.Start || (p.Start | p.End) % ImageFormat.PageSize != 0)
                throw r.Bad($"a policy is of the addresses 0x{p.Start:x} to 0x{p.End:x}");
            last = p.End;
        }
        return new((int)parent, policies);
    }
}
