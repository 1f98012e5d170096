using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Random signal state, timers and process attributes.</summary>
internal sealed class StateGenerator(PlanRandom random, TreeFeatures features)
{
    private bool Has(TreeFeatures feature) => (features & feature) != 0;

    public ImmutableArray<ActionPlan> Actions() => Has(TreeFeatures.Signals)
        ? random.Some(5, () => new ActionPlan
        {
            Signal = random.Between(1, 64), Handler = random.Any<HandlerKind>(), Flags = (ActionFlags)random.Below(64), Mask = random.Mask(20),
        })
        : [];

    public ImmutableArray<PendingPlan> Pending() => random.Some(6, () => new PendingPlan(random.Between(1, 64), (uint)random.Next()));

    public ImmutableArray<IntervalPlan> Intervals() => random.Some(3, () => new IntervalPlan
    {
        Clock = random.Any<IntervalClock>(), Seconds = random.Between(3600, 100_000),
        Interval = random.Percent(50) ? random.Between(3600, 100_000) : 0, Fired = random.Percent(25),
    });

    public ImmutableArray<PosixTimerPlan> PosixTimers() => random.Some(4, () => new PosixTimerPlan
    {
        Clock = random.Any<PosixClock>(), Notify = random.Any<TimerNotify>(), Signal = random.Between(1, 64), Value = (uint)random.Next(),
        Armed = random.Percent(70), Seconds = random.Between(3600, 100_000), Interval = random.Percent(40) ? random.Between(3600, 100_000) : 0,
    });

    public AttributesPlan Attributes()
    {
        // A subreaper belongs to the shape of the tree, not to the attributes.
        var plan = new AttributesPlan { Subreaper = Has(TreeFeatures.Orphans) && random.Percent(25) };
        if (Has(TreeFeatures.Attributes))
            plan = plan with
            {
                Umask = random.Percent(40) ? random.Below(512) : null,
                Directory = random.Any<DirectoryKind>(),
                Nice = random.Percent(25) ? random.Between(-20, 19) : 0,
                Policy = random.Percent(20) ? random.Any<SchedulingPolicy>() : SchedulingPolicy.Other,
                Affinity = random.Percent(20) ? (uint)random.Below(8) : 0,
                IoPriority = random.Percent(15) ? random.Between(1, 7) : 0,
                OomScoreAdj = random.Percent(25) ? random.Between(1, 1000) : 0,
                CoreDumpFilter = random.Percent(15) ? random.Below(512) : null,
                TimerSlack = random.Percent(15) ? random.Between(1, 1_000_000) : 0,
                DisableHugePages = random.Percent(10),
                Personality = random.Percent(10) ? 0x08000000u : 0,
                ParentDeathSignal = random.Percent(10) ? random.Between(1, 31) : 0,
                NoNewPrivs = random.Percent(15),
                NotDumpable = random.Percent(8),
                Limits = random.Percent(30) ? random.Some(4, Limit) : [],
            };
        if (Has(TreeFeatures.Credentials) && random.Percent(30))
            plan = plan with
            {
                Uid = random.Percent(50) ? random.Between(1, 60000) : 0, Gid = random.Percent(50) ? random.Between(1, 60000) : 0,
                Groups = random.Some(4, () => random.Below(60000)), SecureBits = random.Percent(20) ? random.Below(64) : 0,
                KeepCapabilities = random.Percent(10), DropCapabilities = random.Percent(40) ? random.Mask(20) : 0,
            };
        return plan;
    }

    private LimitPlan Limit()
    {
        var hard = random.Percent(30) ? -1L : (long)(random.Next() >> random.Between(8, 50));
        return new LimitPlan(random.Below(16), random.Percent(30) ? -1 : (long)(random.Next() >> random.Between(8, 50)), hard);
    }
}
