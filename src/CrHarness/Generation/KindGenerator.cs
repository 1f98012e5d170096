using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>
/// Random objects of the rarer kinds. They are drawn from a stream of their own for each task, so that a seed gives the same
/// trees with and without them.
/// </summary>
internal sealed class KindGenerator(PlanRandom random, TreeFeatures features)
{
    private bool Has(TreeFeatures feature) => (features & feature) != 0;

    private bool May(TreeFeatures feature, int percent) => random.Percent(percent) && Has(feature);

    public TaskPlan Add(TaskPlan task) => task with
    {
        Memory = [.. task.Memory.Select(Adorned), .. Regions()],
        Handles = Handles(),
        Endpoints = May(TreeFeatures.Endpoints, 35) ? random.Some(2, Endpoint) : [],
        Ipc = May(TreeFeatures.SystemV, 50) ? random.Some(2, Object) : [],
        Threads = [.. task.Threads.Select(Righted)],
    };

    private RegionPlan Adorned(RegionPlan region)
    {
        var (onFault, closed, twice) = (random.Percent(40), random.Percent(6), random.Percent(25));
        return Has(TreeFeatures.MemoryKinds) ? region with { LockedOnFault = onFault, Sealed = closed, Twice = twice } : region;
    }

    private List<RegionPlan> Regions()
    {
        List<RegionPlan> regions = [];
        void Some(TreeFeatures feature, int percent, RegionKind kind)
        {
            if (May(feature, percent))
                regions.Add(Region(kind));
        }
        Some(TreeFeatures.MemoryKinds, 12, RegionKind.GrowsDown);
        Some(TreeFeatures.MemoryKinds, 8, RegionKind.Droppable);
        Some(TreeFeatures.HugePages, 8, RegionKind.Huge);
        Some(TreeFeatures.Segments, 25, RegionKind.Segment);
        Some(TreeFeatures.AsyncIo, 10, RegionKind.AsyncRing);
        return regions;
    }

    private RegionPlan Region(RegionKind kind)
    {
        var pages = random.Between(1, 24);
        return new RegionPlan
        {
            Kind = kind, Pages = pages, Seed = (uint)random.Next(), Data = random.Pick(0, 50, 100),
            Prot = random.Percent(70) ? RegionProtection.RW : random.Any<RegionProtection>(),
            Hole = random.Percent(10) ? random.Below(pages) : 0, Advice = random.Percent(20) ? random.Any<RegionAdvice>() : RegionAdvice.None,
            Locked = random.Percent(15), Unlink = random.Percent(30),
        };
    }

    private ImmutableArray<HandlePlan> Handles()
    {
        List<HandleKind> kinds = [];
        if (Has(TreeFeatures.Events))
            kinds.AddRange([HandleKind.Counter, HandleKind.Timer, HandleKind.Signals, HandleKind.Poll, HandleKind.Poll, HandleKind.Process, HandleKind.Memory]);
        if (Has(TreeFeatures.Queues))
            kinds.Add(HandleKind.Queue);
        if (Has(TreeFeatures.Marks))
            kinds.Add(HandleKind.Marks);
        if (Has(TreeFeatures.Maps))
            kinds.Add(HandleKind.Map);
        if (Has(TreeFeatures.Tunnels))
            kinds.Add(HandleKind.Tunnel);
        return kinds.Count > 0 && random.Percent(50) ? random.Some(4, () => Handle(random.Pick([.. kinds]))) : [];
    }

    private HandlePlan Handle(HandleKind kind) => new()
    {
        Kind = kind, Seed = (uint)random.Next(), Count = random.Below(6), Other = random.Percent(40), Clock = random.Any<PosixClock>(),
        Armed = random.Percent(60), Seconds = random.Between(3600, 100_000), Interval = random.Percent(40) ? random.Between(3600, 100_000) : 0,
        Targets = random.Mask(40), EdgeTriggered = random.Percent(25), Once = random.Percent(15), Unlinked = random.Percent(30),
        Nonblock = random.Percent(40), CloseOnExec = random.Percent(50), Duplicates = random.Percent(20) ? 1 : 0,
        At = random.Percent(20) ? random.Between(1, 200) : 0,
    };

    private EndpointPlan Endpoint() => new()
    {
        Kind = random.Any<EndpointKind>(), Seed = (uint)random.Next(), Datagrams = random.Percent(50) ? random.Between(1, 4) : 0,
        Connected = random.Percent(25), InFile = random.Percent(40), Options = Has(TreeFeatures.SocketOptions) ? random.Mask(15) : 0,
        Nonblock = random.Percent(30), CloseOnExec = random.Percent(50), At = random.Percent(20) ? random.Between(1, 200) : 0,
    };

    private IpcPlan Object() => new()
    {
        Kind = random.Any<IpcKind>(), Seed = (uint)random.Next(), Count = random.Between(1, 5), Undo = random.Percent(40), Private = random.Percent(30),
    };

    private ThreadPlan Righted(ThreadPlan thread)
    {
        var (uid, drop, filtered) = (random.Percent(20) ? random.Between(1, 60000) : 0, random.Percent(30) ? random.Mask(20) : 0, random.Percent(30));
        return Has(TreeFeatures.ThreadRights) ? thread with { Uid = uid, DropCapabilities = drop, Filtered = filtered } : thread;
    }
}
