using System.Collections.Immutable;

namespace CrHarness.Plans;

/// <summary>The rules inside one task: ranges, and which signals can pend where.</summary>
internal static class TaskNormalizer
{
    private static readonly int[] SafeLimits = [0, 1, 3, 4, 7, 8, 11, 12, 13, 14];

    /// <param name="ownIpc">Whether the tree has an IPC namespace of its own.</param>
    public static TaskPlan Normalize(TaskPlan t, bool mayAdopt, bool ownIpc)
    {
        if (t.Ending is { } ending)
            return new TaskPlan
            {
                Parent = t.Parent, Comm = t.Comm, Ending = Normalize(ending), Orphan = t.Orphan,
                NewSession = t.NewSession, Group = Math.Max(0, t.Group),
            };
        var attributes = Normalize(t.Attributes);
        var must = MustBlock(t);
        var blocked = t.Blocked & SignalSets.Blockable | must;
        ImmutableArray<ThreadPlan> threads = [.. t.Threads.Take(64).Select(x => Normalize(x, must, attributes))];
        var everywhere = threads.Aggregate(blocked, (mask, x) => mask & x.Blocked);
        return t with
        {
            Group = Math.Max(0, t.Group),
            HeapPages = Math.Clamp(t.HeapPages, 0, 256),
            Blocked = blocked,
            Attributes = attributes,
            Threads = threads,
            Memory = [.. t.Memory.Select(r => RegionNormalizer.Normalize(r, ownIpc))],
            Files = Controlled([.. t.Files.Select(Normalize)], t.NewSession),
            Pipes = [.. t.Pipes.Select(Normalize)],
            Sockets = [.. t.Sockets.Select(Normalize)],
            Endpoints = [.. t.Endpoints.Take(32).Select(KindNormalizer.Normalize)],
            Handles = [.. t.Handles.Take(32).Select(h => KindNormalizer.Normalize(h, ownIpc))],
            Ipc = ownIpc ? [.. t.Ipc.Take(16).Select(KindNormalizer.Normalize)] : [],
            Actions = [.. t.Actions.Where(a => SignalSets.Has(SignalSets.Disposable, a.Signal)).DistinctBy(a => a.Signal)
                .Select(a => Normalize(a, mayAdopt))],
            Pending = Keep(t.Pending, everywhere, queued: true),
            Intervals = [.. t.Intervals.DistinctBy(i => i.Clock).Select(Normalize)],
            PosixTimers = [.. t.PosixTimers.Take(32).Select(p => Normalize(p, everywhere))],
        };
    }

    private static EndingPlan Normalize(EndingPlan e)
    {
        if (e.Signal == 0)
            return new EndingPlan(e.ExitCode & 0xff);
        var signal = SignalSets.Fatal.Contains(e.Signal) ? e.Signal : SignalSets.Fatal[PlanNormalizer.Modulo(e.Signal, SignalSets.Fatal.Count)];
        return new EndingPlan(0, signal, e.Core && SignalSets.Core.Contains(signal));
    }

    /// <summary>SIGALRM while its timer's expiry is to stay pending; SIGCHLD where a handler would interrupt the quiet waits.</summary>
    private static ulong MustBlock(TaskPlan t)
        => (t.Intervals.Any(i => i is { Fired: true, Clock: IntervalClock.Real }) ? SignalSets.Bit(SignalSets.AlarmSignal) : 0)
         | (t.Actions.Any(a => a is { Signal: SignalSets.ChildSignal, Handler: HandlerKind.Handle }) ? SignalSets.Bit(SignalSets.ChildSignal) : 0);

    private static ThreadPlan Normalize(ThreadPlan t, ulong must, AttributesPlan a)
    {
        var blocked = t.Blocked & SignalSets.Blockable | must;
        var privileged = a.Uid == 0 && a.DropCapabilities == 0;
        return t with
        {
            Blocked = blocked,
            Nice = a.Policy is SchedulingPolicy.Fifo or SchedulingPolicy.RoundRobin ? 0 : Math.Clamp(t.Nice, a.Uid != 0 || a.DropCapabilities != 0 ? Math.Max(a.Nice, 0) : -20, 19),
            Wait = t.Wait == WaitKind.WaitForChild ? WaitKind.Pause : t.Wait,
            // What takes rights to do; and another id makes the whole task dumpable or not, as it had not planned.
            Uid = privileged && !a.NotDumpable ? Math.Clamp(t.Uid, 0, 60000) : 0, DropCapabilities = privileged ? t.DropCapabilities & 0x1ffffffffff : 0,
            Filtered = t.Filtered && privileged,
            Pending = t.Busy ? [] : Keep(t.Pending, blocked, queued: true),
        };
    }

    /// <summary>Pending signals that are blocked where they pend; an ordinary one at most once.</summary>
    private static ImmutableArray<PendingPlan> Keep(ImmutableArray<PendingPlan> pending, ulong blocked, bool queued)
    {
        var possible = SignalSets.List(blocked & SignalSets.Sendable & ~SignalSets.Bit(SignalSets.AlarmSignal)).ToArray();
        if (possible.Length == 0)
            return [];
        var kept = ImmutableArray.CreateBuilder<PendingPlan>();
        foreach (var p in pending.Take(128))
        {
            var signal = possible.Contains(p.Signal) ? p.Signal : possible[PlanNormalizer.Modulo(p.Signal, possible.Length)];
            if (queued && (signal >= 34 || kept.All(k => k.Signal != signal)))
                kept.Add(p with { Signal = signal });
        }
        return kept.ToImmutable();
    }

    /// <summary>What fits into a terminal's line discipline without a reader (n_tty(4), N_TTY_BUF_SIZE).</summary>
    private const int MostTyped = 4000;

    private static FilePlan Normalize(FilePlan f) => f.Terminal
        ? new FilePlan
        {
            Terminal = true, Form = Normalize(f.Form), Size = (f.Form & (TerminalForm.Alone | TerminalForm.HungUp)) != 0 ? 0 : Math.Clamp(f.Size, 0, MostTyped),
            Seed = f.Seed, Nonblock = f.Nonblock, CloseOnExec = f.CloseOnExec, At = Descriptor(f.At),
        }
        : f with
    {
        Size = Math.Clamp(f.Size, 0, 1 << 20), Offset = Math.Clamp(f.Offset, 0, 1L << 40),
        Duplicates = Math.Clamp(f.Duplicates, 0, 8), At = Descriptor(f.At),
        Deleted = f.Kind is FileKind.Regular or FileKind.Directory or FileKind.Fifo && f.Deleted, Linked = f.Kind == FileKind.Regular && f.Linked,
        Lock = f.Kind != FileKind.Regular || f.Lock == FileLockKind.Lease && (f.Access != FileAccessKind.Read || f.Deleted) ? FileLockKind.None : f.Lock,
        Owned = f.Kind is FileKind.Regular or FileKind.Fifo && f.Owned, Form = TerminalForm.None, Watched = f.Kind is FileKind.Regular or FileKind.Directory && f.Watched,
    };

    private static TerminalForm Normalize(TerminalForm form)
    {
        const TerminalForm lonely = TerminalForm.Alone | TerminalForm.HungUp;
        form &= (TerminalForm)127;
        if ((form & lonely) == lonely)
            form &= ~TerminalForm.HungUp;
        // What nobody has open, or what was hung up, controls nothing, and nothing is written to it.
        return (form & lonely) == 0 ? form : (form & TerminalForm.HungUp) != 0 ? TerminalForm.HungUp
            : form & ~(TerminalForm.Controlling | TerminalForm.Exclusive | TerminalForm.Output);
    }

    /// <summary>One terminal of a session's leader may control the session.</summary>
    private static ImmutableArray<FilePlan> Controlled(ImmutableArray<FilePlan> files, bool leader)
    {
        var first = leader ? files.FirstOrDefault(f => (f.Form & TerminalForm.Controlling) != 0) : null;
        return [.. files.Select(f => ReferenceEquals(f, first) ? f : f with { Form = f.Form & ~TerminalForm.Controlling })];
    }

    /// <summary>Wished-for numbers are 20 to 219, clear of those that come by themselves.</summary>
    internal static int Descriptor(int at) => at == 0 ? 0 : 20 + PlanNormalizer.Modulo(at - 20, 200);

    private static PipePlan Normalize(PipePlan p)
    {
        var capacity = p.Capacity <= 0 ? 0 : 1 << Math.Clamp((int)Math.Log2(p.Capacity), 12, 18);
        // In packet mode each packet of 1024 bytes takes a page of the capacity (pipe(2), O_DIRECT).
        var most = capacity == 0 ? 65536 : capacity;
        return p with
        {
            Capacity = capacity, Bytes = Math.Clamp(p.Bytes, 0, p.Packet ? most / 4 : most),
            At = Descriptor(p.At),
        };
    }

    private static SocketPlan Normalize(SocketPlan s)
    {
        const int mostMessages = 16;
        var message = Math.Clamp(s.Message, 1, 4096);
        // All must fit into the buffer of the end that sends.
        return s with
        {
            Message = message, Bytes = Math.Clamp(s.Bytes, 0, mostMessages * message), At = Descriptor(s.At),
            // The end of a datagram socket is nothing that the other one sees.
            Ended = s.Ended && s.Kind != SocketKind.Datagram, Options = s.Options & uint.MaxValue,
            Kind = s.Internet ? SocketKind.Stream : s.Kind, Named = s.Named && !s.Internet, Carries = s.Carries && !s.Internet,
        };
    }

    private static ActionPlan Normalize(ActionPlan a, bool mayAdopt)
    {
        var child = a.Signal == SignalSets.ChildSignal;
        // Ignoring SIGCHLD would reap the zombies (wait(2)).
        var handler = child && mayAdopt && a.Handler == HandlerKind.Ignore ? HandlerKind.Default : a.Handler;
        return handler == HandlerKind.Handle
            ? a with { Mask = a.Mask & SignalSets.Blockable, Flags = a.Flags & (ActionFlags)63 }
            : new ActionPlan { Signal = a.Signal, Handler = handler };
    }

    private static IntervalPlan Normalize(IntervalPlan i) => i with
    {
        Seconds = Math.Clamp(i.Seconds, 3600, 1_000_000),
        Interval = i.Interval <= 0 ? (i is { Fired: true, Clock: IntervalClock.Real } ? 3600 : 0) : Math.Clamp(i.Interval, 3600, 1_000_000),
        Fired = i.Fired && i.Clock == IntervalClock.Real,
    };

    private static PosixTimerPlan Normalize(PosixTimerPlan p, ulong blocked)
    {
        var possible = SignalSets.List(blocked & SignalSets.Sendable).ToArray();
        return p with
        {
            Signal = possible.Length == 0 ? 34 : possible.Contains(p.Signal) ? p.Signal : possible[PlanNormalizer.Modulo(p.Signal, possible.Length)],
            Seconds = p.Armed ? Math.Clamp(p.Seconds, 3600, 1_000_000) : 86400,
            Interval = p.Armed && p.Interval > 0 ? Math.Clamp(p.Interval, 3600, 1_000_000) : 0,
        };
    }

    private static AttributesPlan Normalize(AttributesPlan a)
    {
        var privileged = a.Uid == 0 && a.DropCapabilities == 0;
        return a with
        {
            Umask = a.Umask & 0x1ff, Nice = Math.Clamp(a.Nice, -20, 19), IoPriority = Math.Clamp(a.IoPriority, 0, 7),
            OomScoreAdj = Math.Clamp(a.OomScoreAdj, 0, 1000), CoreDumpFilter = a.CoreDumpFilter & 0x1ff,
            TimerSlack = Math.Clamp(a.TimerSlack, 0, 1_000_000_000),
            Personality = a.Personality & 0x0C8E0000, // flags that change nothing of the layout of what runs already
            ParentDeathSignal = a.ParentDeathSignal == 0 ? 0 : 1 + PlanNormalizer.Modulo(a.ParentDeathSignal - 1, 31),
            NotDumpable = a.NotDumpable && privileged,
            // Bits 4 and 5 are keep_caps and its lock, which prctl(PR_SET_KEEPCAPS) has to itself.
            SecureBits = a.SecureBits & 0x0f, DropCapabilities = a.DropCapabilities & 0x1ffffffffff,
            Uid = Math.Clamp(a.Uid, 0, 60000), Gid = Math.Clamp(a.Gid, 0, 60000),
            Groups = [.. a.Groups.Select(g => Math.Clamp(g, 0, 60000)).Distinct().Order().Take(32)],
            Limits = [.. a.Limits.Where(l => SafeLimits.Contains(l.Resource)).DistinctBy(l => l.Resource).Select(Normalize)],
        };
    }

    /// <summary>Limits low enough to be seen and high enough to live with.</summary>
    private static LimitPlan Normalize(LimitPlan l)
    {
        var least = l.Resource switch { 1 => 1L << 30, 3 => 1L << 20, 7 => 512, 8 => 1L << 20, 11 => 1024, 0 => 3600, _ => 0L };
        var hard = l.Hard < 0 ? -1 : Math.Max(l.Hard, least);
        var soft = l.Soft < 0 ? hard : Math.Max(l.Soft, least);
        return l with { Hard = hard, Soft = hard >= 0 ? Math.Min(soft, hard) : soft };
    }
}
