using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

/// <summary>What is mapped in every puppet, at the same addresses in all of them: they are clones of the first.</summary>
internal sealed class PuppetPlaces
{
    private readonly List<(VmaType Kind, AddressRange Range)> _specials = [];

    /// <summary>Shared memory's places, from the staging area's start.</summary>
    public StagingPlan Plan { get; private set; } = null!;

    /// <summary>The puppets' page and arena.</summary>
    public AddressRange Puppet { get; private set; }

    /// <summary>Right behind the arena.</summary>
    public AddressRange Staging { get; private set; }

    /// <summary>Room at the staging area's start for special mappings on their way.</summary>
    public ulong Transit => Staging.Start;

    /// <summary>[vdso], [vvar], [vvar_vclock] as the kernel placed them.</summary>
    public IReadOnlyList<(VmaType Kind, AddressRange Range)> Specials => _specials;

    public ulong StagingOf(uint objRef) => Staging.Start + Plan[objRef].Start;

    /// <summary>Reads the root's puppet, when no other exists yet.</summary>
    public void Fill(RestoreContext context, StagingPlan plan)
    {
        Plan = plan;
        Puppet = new AddressRange(context.PuppetStart, context.PuppetEnd);
        var start = (context.PuppetEnd + plan.Alignment - 1) & ~(plan.Alignment - 1);
        Staging = new AddressRange(start, context.PuppetEnd + plan.Size);
        var mappings = new List<MemoryMapping>();
        ProcMaps.TryRead(context.Proc, context.Root.Pid, mappings);
        foreach (var m in mappings)
            if (MappingRules.TypeOf(m) is { } kind && (kind is VmaType.Vdso or VmaType.Vvar or VmaType.VvarVclock))
                SpecialMappings.Add(_specials, kind, new AddressRange(m.Start, m.End));
    }

    /// <summary>Brings the special mappings to where no saved mapping is: puppets may get such before they get all of them.</summary>
    public void MoveSpecialsAway(RestoringTask root)
    {
        var batch = new SyscallBatch();
        var to = Transit;
        for (var i = 0; i < _specials.Count; i++)
        {
            var (kind, range) = _specials[i];
            SpecialMappings.AddMove(batch, kind, range, to);
            _specials[i] = (kind, new AddressRange(to, to + range.Length));
            to += range.Length;
        }
        root.Remote.Run(batch);
    }
}
