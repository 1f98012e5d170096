using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Random tasks and threads.</summary>
internal sealed class TaskGenerator(PlanRandom random, TreeFeatures features)
{
    private readonly ObjectGenerator _objects = new(random, features);
    private readonly StateGenerator _state = new(random, features);

    private bool Has(TreeFeatures feature) => (features & feature) != 0;

    private bool May(TreeFeatures feature, int percent) => random.Percent(percent) && Has(feature);

    public TaskPlan Task(bool root)
    {
        var blocked = May(TreeFeatures.Signals, 50) ? random.Mask(random.Pick(10, 50, 100)) : 0;
        var plan = new TaskPlan
        {
            Comm = Name(),
            NewSession = May(TreeFeatures.Groups, root ? 70 : 20),
            Group = Has(TreeFeatures.Groups) ? random.Below(6) : 0,
            Attributes = _state.Attributes(),
        };
        if (!root && May(TreeFeatures.Orphans, 15))
            plan = plan with { Orphan = Has(TreeFeatures.GoneLeaders) ? random.Any<OrphanKind>() : OrphanKind.Plain };
        if (!root && May(TreeFeatures.Zombies, 20))
            return plan with { Ending = Ending() };
        plan = plan with
        {
            Stopped = May(TreeFeatures.Stopped, 12),
            Wait = Wait(),
            DropInherited = random.Mask(15), RewriteInherited = random.Mask(40), RewriteSeed = (uint)random.Next(),
            CloseInherited = random.Mask(15),
            HeapPages = May(TreeFeatures.Memory, 20) ? random.Between(1, 64) : 0,
            AlternateStack = May(TreeFeatures.Signals, 20),
            Blocked = blocked,
            Memory = _objects.Regions(),
            Files = _objects.Files(),
            Pipes = _objects.Pipes(),
            Sockets = _objects.Sockets(),
            Threads = May(TreeFeatures.Threads, 35) ? random.Some(3, () => Thread(blocked)) : [],
            Actions = _state.Actions(),
            Pending = May(TreeFeatures.Pending, 60) ? _state.Pending() : [],
            Intervals = May(TreeFeatures.IntervalTimers, 25) ? _state.Intervals() : [],
            PosixTimers = May(TreeFeatures.PosixTimers, 25) ? _state.PosixTimers() : [],
        };
        // By a number drawn already, as the filters: a seed gives the same trees with and without them.
        if (Has(TreeFeatures.Attributes))
            plan = plan with { Attributes = plan.Attributes with { MergeMemory = (plan.RewriteSeed >> 4 & 7) == 1, Interleaved = (plan.RewriteSeed >> 8 & 7) == 1 } };
        if (Has(TreeFeatures.Filters) && plan.RewriteSeed % 4 == 1)
            plan = plan with { Attributes = plan.Attributes with { Filtered = true } };
        return new KindGenerator(new PlanRandom(plan.RewriteSeed), features).Add(plan);
    }

    private ThreadPlan Thread(ulong processMask) => new()
    {
        Name = Name(),
        Wait = Wait(),
        Busy = May(TreeFeatures.Busy, 8),
        // Often like the process's, so that signals can pend for all.
        Blocked = random.Percent(60) ? processMask : Has(TreeFeatures.Signals) ? random.Mask(50) : 0,
        AlternateStack = May(TreeFeatures.Signals, 20),
        Nice = May(TreeFeatures.Attributes, 20) ? random.Between(-20, 19) : 0,
        Pending = May(TreeFeatures.Pending, 50) ? _state.Pending() : [],
    };

    private WaitKind Wait() => Has(TreeFeatures.Waits) ? random.Any<WaitKind>() : WaitKind.Pause;

    private EndingPlan Ending() => random.Percent(50)
        ? new EndingPlan(random.Percent(50) ? random.Pick(0, 1, 127, 128, 255) : random.Below(256))
        : new EndingPlan(0, random.Pick([.. SignalSets.Fatal]), May(TreeFeatures.Cores, 50));

    /// <summary>Names of 0 to 20 bytes: plain ones, and the odd bytes that break parsers of /proc.</summary>
    private string Name()
    {
        if (random.Percent(10))
            return random.Pick("", ")", "(sd-pam)", "a) R 1 1", "line\nbreak", "tab\tand  spaces ", "exactly15bytes!", "sixteen-bytes-no", "tête-à-tête né", "日本語の名前", "\u0001\u007f\\\"", "12345");
        var length = random.Between(1, 12);
        var chars = new char[length];
        for (var i = 0; i < length; i++)
            chars[i] = random.Percent(90) ? (char)random.Between('a', 'z') : random.Pick(' ', '(', ')', '\n', ':', '/', 'é', '€', '%');
        return new string(chars);
    }
}
