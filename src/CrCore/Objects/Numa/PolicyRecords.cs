using CrCore.Image;

namespace CrCore.Objects.Numa;

/// <summary>Ids of the records of these kinds.</summary>
internal static class PolicyRecordIds
{
    internal const short Thread = 175;
    internal const short Mappings = 176;
}

/// <summary>MEMORY_POLICY (175): where a thread's memory is taken from (set_mempolicy(2)); only where it was said.</summary>
/// <param name="VTid">The thread: the framing's parent.</param>
/// <param name="Policy">For all of its memory of which nothing else was said.</param>
public sealed record ThreadPolicyRecord(int VTid, MemoryPolicy Policy) : ICrRecord
{
    /// <inheritdoc/>
    public short Type => PolicyRecordIds.Thread;
    /// <inheritdoc/>
    public uint Parent => (uint)VTid;

    /// <inheritdoc/>
    public void Write(ref FieldWriter w) => Policy.Write(ref w);

    internal static ThreadPolicyRecord Read(uint parent, ref FieldReader r) => new((int)parent, MemoryPolicy.Read(ref r));
}

/// <summary>Where the memory of some addresses is taken from.</summary>
/// <param name="Start">First address.</param>
/// <param name="End">First address behind them.</param>
/// <param name="Policy">As mbind(2) was given it.</param>
public sealed record MappingPolicy(ulong Start, ulong End, MemoryPolicy Policy);

/// <summary>MAPPING_POLICIES (176): parts of a task's memory for which mbind(2) said something of their own, ascending.</summary>
/// <param name="VPid">The task: the framing's parent.</param>
/// <param name="Policies">Ranges that do not overlap.</param>
public sealed record MappingPoliciesRecord(int VPid, IReadOnlyList<MappingPolicy> Policies) : ICrRecord
{
    /// <summary>vm.max_map_count is 65,530 as a rule.</summary>
    public const int MaxCount = 1 << 20;

    private const int LeastSize = 24;

    internal const int MaxPayload = 4 + MaxCount * LeastSize;

    /// <inheritdoc/>
    public short Type => PolicyRecordIds.Mappings;
    /// <inheritdoc/>
    public uint Parent => (uint)VPid;

    /// <inheritdoc/>
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

    internal static MappingPoliciesRecord Read(uint parent, ref FieldReader r)
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
