using System.Collections.Immutable;
using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Simpler forms of one task: whole aspects dropped first, then single items, then numbers made small.</summary>
internal static class TaskShrinker
{
    public static IEnumerable<TaskPlan> Shrink(TaskPlan t) => Aspects(t).Concat(Flags(t)).Concat(Items(t));

    private static IEnumerable<TaskPlan> Aspects(TaskPlan t)
    {
        if (t.Memory.Length > 1) yield return t with { Memory = [] };
        if (t.Files.Length > 1) yield return t with { Files = [] };
        if (t.Pipes.Length > 1) yield return t with { Pipes = [] };
        if (t.Sockets.Length > 1) yield return t with { Sockets = [] };
        if (t.Endpoints.Length > 1) yield return t with { Endpoints = [] };
        if (t.Handles.Length > 1) yield return t with { Handles = [] };
        if (t.Ipc.Length > 1) yield return t with { Ipc = [] };
        if (t.Threads.Length > 1) yield return t with { Threads = [] };
        if (t.Actions.Length > 1) yield return t with { Actions = [] };
        if (t.Pending.Length > 1) yield return t with { Pending = [] };
        yield return t with { Attributes = new AttributesPlan { Subreaper = t.Attributes.Subreaper } };
        yield return t with { Blocked = 0, AlternateStack = false };
    }

    private static IEnumerable<TaskPlan> Flags(TaskPlan t)
    {
        if (t.Ending is { } e && e != new EndingPlan()) yield return t with { Ending = e.Core ? e with { Core = false } : new EndingPlan() };
        if (t.Stopped) yield return t with { Stopped = false };
        if (t.Orphan != OrphanKind.None) yield return t with { Orphan = t.Orphan == OrphanKind.Plain ? OrphanKind.None : OrphanKind.Plain };
        if (t.NewSession) yield return t with { NewSession = false };
        if (t.Group != 0) yield return t with { Group = 0 };
        if (t.Wait != WaitKind.Pause) yield return t with { Wait = WaitKind.Pause };
        if (t.DropInherited != 0) yield return t with { DropInherited = 0 };
        if (t.RewriteInherited != 0) yield return t with { RewriteInherited = 0 };
        if (t.CloseInherited != 0) yield return t with { CloseInherited = 0 };
        if (t.HeapPages != 0) yield return t with { HeapPages = 0 };
        if (t.AlternateStack) yield return t with { AlternateStack = false };
        if (t.Blocked != 0) yield return t with { Blocked = 0 };
        if (t.Comm != "task") yield return t with { Comm = "task" };
        foreach (var a in AttributesShrinker.Shrink(t.Attributes))
            yield return t with { Attributes = a };
    }

    private static IEnumerable<TaskPlan> Items(TaskPlan t)
        => Each(t.Memory, Region, v => t with { Memory = v })
            .Concat(Each(t.Files, File, v => t with { Files = v }))
            .Concat(Each(t.Pipes, Pipe, v => t with { Pipes = v }))
            .Concat(Each(t.Sockets, Socket, v => t with { Sockets = v }))
            .Concat(Each(t.Endpoints, KindShrinker.Endpoint, v => t with { Endpoints = v }))
            .Concat(Each(t.Handles, KindShrinker.Handle, v => t with { Handles = v }))
            .Concat(Each(t.Ipc, KindShrinker.Object, v => t with { Ipc = v }))
            .Concat(Each(t.Threads, Thread, v => t with { Threads = v }))
            .Concat(Each(t.Actions, a => [a with { Flags = 0, Mask = 0 }], v => t with { Actions = v }))
            .Concat(Each(t.Pending, p => [p with { Value = 0 }], v => t with { Pending = v }))
            .Concat(Each(t.Intervals, i => [i with { Fired = false }, i with { Interval = 0 }], v => t with { Intervals = v }))
            .Concat(Each(t.PosixTimers, p => [p with { Armed = false }, p with { Notify = TimerNotify.None }, p with { Clock = PosixClock.Monotonic }], v => t with { PosixTimers = v }));

    /// <summary>The list without each item, then with each item in its simpler forms.</summary>
    private static IEnumerable<TaskPlan> Each<T>(ImmutableArray<T> items, Func<T, IEnumerable<T>> simpler, Func<ImmutableArray<T>, TaskPlan> put)
    {
        for (var i = 0; i < items.Length; i++)
            yield return put(items.RemoveAt(i));
        for (var i = 0; i < items.Length; i++)
            foreach (var item in simpler(items[i]))
                yield return put(items.SetItem(i, item));
    }

    private static IEnumerable<RegionPlan> Region(RegionPlan r)
    {
        yield return new RegionPlan { Kind = r.Kind, Pages = r.Pages, Seed = r.Seed };
        if (r.Pages > 1) yield return r with { Pages = 1 };
        if (r.Pages > 3) yield return r with { Pages = r.Pages / 2 };
        yield return r with { Guard = GuardKind.None };
        yield return r with { Advice = RegionAdvice.None };
        yield return r with { Hole = 0 };
        yield return r with { Split = 0 };
        yield return r with { Prot = RegionProtection.RW };
        yield return r with { Locked = false };
        yield return r with { LockedOnFault = false, Sealed = false, Twice = false };
        yield return r with { Sealed = false };
        yield return r with { Twice = false };
        yield return r with { KeepFd = false };
        yield return r with { Unlink = false };
        yield return r with { Kind = RegionKind.Anonymous };
        yield return r with { Data = 100, Zero = 0 };
        yield return r with { ReserveGiB = 1 };
    }

    private static IEnumerable<FilePlan> File(FilePlan f)
    {
        yield return new FilePlan { Kind = f.Kind, Access = f.Access };
        yield return f with { Kind = FileKind.Regular };
        yield return f with { Terminal = false };
        foreach (var form in KindShrinker.Forms(f.Form))
            yield return f with { Form = form };
        yield return f with { Lock = FileLockKind.None };
        yield return f with { Watched = false };
        yield return f with { Owned = false };
        yield return f with { Size = 0, Offset = 0 };
        yield return f with { Offset = 0 };
        yield return f with { Deleted = false };
        yield return f with { Linked = false };
        yield return f with { Duplicates = 0 };
        yield return f with { At = 0 };
        yield return f with { Append = false, Nonblock = false, CloseOnExec = false };
    }

    private static IEnumerable<PipePlan> Pipe(PipePlan p)
    {
        yield return new PipePlan { Bytes = p.Bytes };
        yield return p with { Bytes = Math.Min(p.Bytes, 1) };
        yield return p with { Capacity = 0 };
        yield return p with { Packet = false };
        yield return p with { At = 0 };
    }

    private static IEnumerable<SocketPlan> Socket(SocketPlan s)
    {
        yield return new SocketPlan { Kind = s.Kind, Bytes = s.Bytes };
        yield return s with { Kind = SocketKind.Stream };
        yield return s with { Internet = false };
        foreach (var options in KindShrinker.Bits(s.Options))
            yield return s with { Options = options };
        yield return s with { Bytes = Math.Min(s.Bytes, 1) };
        yield return s with { Named = false };
        yield return s with { Carries = false };
        yield return s with { Ended = false };
        yield return s with { At = 0 };
    }

    private static IEnumerable<ThreadPlan> Thread(ThreadPlan t)
    {
        yield return new ThreadPlan();
        yield return t with { Name = "thread" };
        yield return t with { Wait = WaitKind.Pause };
        yield return t with { Busy = false };
        yield return t with { Pending = [] };
        yield return t with { Blocked = 0 };
        yield return t with { AlternateStack = false };
        yield return t with { Nice = 0 };
        yield return t with { Uid = 0 };
        yield return t with { DropCapabilities = 0 };
        yield return t with { Filtered = false };
        for (var i = 0; i < t.Pending.Length; i++)
            yield return t with { Pending = t.Pending.RemoveAt(i) };
    }
}
