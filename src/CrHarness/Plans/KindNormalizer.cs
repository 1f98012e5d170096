namespace CrHarness.Plans;

/// <summary>The rules of the rarer objects: ranges, and what a kind does not have.</summary>
internal static class KindNormalizer
{
    /// <summary>What the machine gives a queue without asking for more (fs.mqueue.msg_max).</summary>
    private const int MostMessages = 8;

    public static HandlePlan Normalize(HandlePlan h, bool ownIpc)
    {
        var plain = new HandlePlan
        {
            Kind = h.Kind, Seed = h.Seed, Nonblock = h.Nonblock, CloseOnExec = h.CloseOnExec, Duplicates = Math.Clamp(h.Duplicates, 0, 4), At = TaskNormalizer.Descriptor(h.At),
        };
        switch (h.Kind)
        {
            case HandleKind.Counter:
                return plain with { Count = Math.Clamp(h.Count, 0, 1_000_000), Other = h.Other };
            case HandleKind.Timer:
                // It has run out once and shows so, until the next time.
                var ran = h.Armed && h.Count % 2 == 1;
                return plain with
                {
                    Clock = h.Clock == PosixClock.ProcessCpu ? PosixClock.Monotonic : h.Clock, Armed = h.Armed, Count = ran ? 1 : 0,
                    Seconds = h.Armed ? Math.Clamp(h.Seconds, 3600, 1_000_000) : 86400,
                    Interval = h.Armed && (h.Interval > 0 || ran) ? Math.Clamp(h.Interval, 3600, 1_000_000) : 0,
                };
            case HandleKind.Signals:
                return plain with { Targets = h.Targets & SignalSets.Blockable };
            case HandleKind.Poll:
                return plain with { Targets = h.Targets, EdgeTriggered = h.EdgeTriggered, Once = h.Once, Other = h.Other, Nonblock = false };
            case HandleKind.Process:
                return plain with { Other = h.Other };
            case HandleKind.Memory:
                return plain with { Count = Math.Clamp(h.Count, 0, 64), Other = h.Other, Nonblock = false };
            case HandleKind.Queue:
                // Whoever waits to be notified waits at an empty one.
                return plain with { Count = ownIpc && !h.Unlinked && !h.Other ? Math.Clamp(h.Count, 0, MostMessages) : 0, Unlinked = h.Unlinked || !ownIpc, Other = h.Other };
            case HandleKind.Map:
                return plain with { Count = Math.Clamp(h.Count, 1, 64), Other = h.Other, Nonblock = false };
            default:
                return plain with { Other = h.Other };
        }
    }

    public static EndpointPlan Normalize(EndpointPlan e)
    {
        var datagrams = e.Kind is EndpointKind.Udp or EndpointKind.Udp6 or EndpointKind.UnixDatagram;
        return e with
        {
            Datagrams = datagrams ? Math.Clamp(e.Datagrams, 0, 8) : 0, Connected = e.Connected && datagrams,
            InFile = e.InFile && e.Kind is EndpointKind.UnixListener or EndpointKind.UnixDatagram,
            Options = e.Options & uint.MaxValue, At = TaskNormalizer.Descriptor(e.At),
        };
    }

    public static IpcPlan Normalize(IpcPlan o) => o with { Count = Math.Clamp(o.Count, 1, 16), Undo = o.Undo && o.Kind == IpcKind.Semaphores };
}
