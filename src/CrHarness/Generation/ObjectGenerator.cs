using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Random memory, files, pipes and sockets.</summary>
internal sealed class ObjectGenerator(PlanRandom random, TreeFeatures features)
{
    private bool Has(TreeFeatures feature) => (features & feature) != 0;

    private bool May(TreeFeatures feature, int percent) => random.Percent(percent) && Has(feature);

    public ImmutableArray<RegionPlan> Regions()
    {
        List<RegionKind> kinds = [];
        if (Has(TreeFeatures.Memory))
            kinds.AddRange([RegionKind.Anonymous, RegionKind.Anonymous, RegionKind.Reserve]);
        if (Has(TreeFeatures.SharedMemory))
            kinds.AddRange([RegionKind.SharedAnonymous, RegionKind.MemfdShared, RegionKind.MemfdPrivate]);
        if (Has(TreeFeatures.FileMemory))
            kinds.AddRange([RegionKind.FilePrivate, RegionKind.FileShared]);
        return kinds.Count == 0 ? [] : random.Some(3, () => Region(random.Pick([.. kinds])));
    }

    private RegionPlan Region(RegionKind kind)
    {
        var pages = random.Percent(10) ? random.Between(64, 600) : random.Between(1, 24);
        var data = random.Pick(0, 10, 50, 100, 100);
        return new RegionPlan
        {
            Kind = kind, Pages = pages, Seed = (uint)random.Next(), Data = data, Zero = random.Below(101 - data),
            Prot = random.Percent(60) ? RegionProtection.RW : random.Any<RegionProtection>(),
            Split = random.Percent(20) ? random.Below(pages) : 0, SplitProt = random.Any<RegionProtection>(),
            Hole = random.Percent(15) ? random.Below(pages) : 0,
            Guard = !random.Percent(20) ? GuardKind.None : Has(TreeFeatures.GuardMarks) ? random.Any<GuardKind>() : GuardKind.Protected,
            Advice = random.Percent(25) ? random.Any<RegionAdvice>() : RegionAdvice.None,
            Locked = random.Percent(10), KeepFd = random.Percent(50), Unlink = May(TreeFeatures.DeletedMappings, 40),
            ReserveGiB = random.Pick(1, 16, 256, 1024),
        };
    }

    public ImmutableArray<FilePlan> Files() => Has(TreeFeatures.Files) ? random.Some(3, File) : [];

    private FilePlan File()
    {
        var size = random.Pick(0, 1, 4095, 4096, 4097, random.Below(40_000));
        var (deleted, linked) = (May(TreeFeatures.DeletedFiles, 25), May(TreeFeatures.DeletedFiles, 20));
        var plan = new FilePlan
        {
            Kind = random.Percent(60) ? FileKind.Regular : random.Any<FileKind>(), Access = random.Any<FileAccessKind>(),
            Append = random.Percent(20), Nonblock = random.Percent(20), CloseOnExec = random.Percent(50),
            Size = size, Seed = (uint)random.Next(), Offset = random.Pick(0, size, size / 2, size + 1000L, 1L << 33),
            Deleted = deleted, Linked = linked && (!deleted || Has(TreeFeatures.HiddenLinks)),
            Duplicates = random.Percent(30) ? random.Between(1, 2) : 0, At = random.Percent(25) ? random.Between(1, 200) : 0,
        };
        // By the contents' seed, and not by draws of their own: a seed gives the same trees with and without them.
        return plan with
        {
            Lock = Has(TreeFeatures.Locks) && plan.Seed % 4 == 1 ? (FileLockKind)(1 + plan.Seed / 4 % 3)
                : Has(TreeFeatures.Leases) && plan.Seed % 4 == 2 ? (plan.Seed % 8 == 2 ? FileLockKind.Ranges : FileLockKind.Lease) : FileLockKind.None,
            Owned = Has(TreeFeatures.Leases) && plan.Seed % 7 == 3,
            Watched = Has(TreeFeatures.Watches) && plan.Seed % 5 == 2,
            Terminal = Has(TreeFeatures.Terminals) && plan.Seed % 6 == 3,
            Form = Has(TreeFeatures.TerminalForms) ? (TerminalForm)(plan.Seed >> 8 & plan.Seed >> 16 & 0x7f) : TerminalForm.None,
        };
    }

    public ImmutableArray<PipePlan> Pipes() => May(TreeFeatures.Pipes, 50) ? random.Some(2, Pipe) : [];

    private PipePlan Pipe() => new()
    {
        Bytes = random.Pick(0, 1, 4096, random.Below(5000), 65536), Seed = (uint)random.Next(),
        Capacity = random.Pick(0, 0, 4096, 16384, 262144), Packet = random.Percent(15), Nonblock = random.Percent(30),
        CloseOnExec = random.Percent(50), At = random.Percent(20) ? random.Between(1, 200) : 0,
    };

    public ImmutableArray<SocketPlan> Sockets() => May(TreeFeatures.Sockets, 35) ? random.Some(2, Socket) : [];

    private SocketPlan Socket()
    {
        var plan = Pair();
        return plan with
        {
            Internet = Has(TreeFeatures.Connections) && plan.Seed % 3 == 1,
            Options = Has(TreeFeatures.SocketOptions) && plan.Seed % 5 < 2 ? new PlanRandom(plan.Seed).Mask(15) : 0,
        };
    }

    private SocketPlan Pair() => new()
    {
        Kind = random.Any<SocketKind>(), Bytes = random.Pick(0, 1, 4096, random.Below(20_000)), Seed = (uint)random.Next(),
        Message = random.Pick(1, 100, 1024, 4096), Named = random.Percent(30), Carries = random.Percent(25), Ended = random.Percent(20),
        Nonblock = random.Percent(30), CloseOnExec = random.Percent(50), At = random.Percent(20) ? random.Between(1, 200) : 0,
    };
}
