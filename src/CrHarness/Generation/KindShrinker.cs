using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Simpler forms of the objects that <see cref="KindGenerator"/> makes.</summary>
internal static class KindShrinker
{
    public static IEnumerable<HandlePlan> Handle(HandlePlan h)
    {
        yield return new HandlePlan { Kind = h.Kind, Seed = h.Seed, Targets = h.Targets };
        yield return h with { Count = 0 };
        yield return h with { Other = false };
        yield return h with { Armed = false };
        yield return h with { EdgeTriggered = false, Once = false };
        yield return h with { Unlinked = false };
        yield return h with { Duplicates = 0 };
        yield return h with { At = 0 };
        foreach (var targets in Bits(h.Targets))
            yield return h with { Targets = targets };
    }

    public static IEnumerable<EndpointPlan> Endpoint(EndpointPlan e)
    {
        yield return new EndpointPlan { Kind = e.Kind, Seed = e.Seed, Options = e.Options };
        foreach (var options in Bits(e.Options))
            yield return e with { Options = options };
        yield return e with { Datagrams = Math.Min(e.Datagrams, 1) };
        yield return e with { Datagrams = 0 };
        yield return e with { Connected = false };
        yield return e with { InFile = false };
        yield return e with { At = 0 };
    }

    public static IEnumerable<IpcPlan> Object(IpcPlan o)
    {
        yield return o with { Count = 1 };
        yield return o with { Undo = false };
        yield return o with { Private = true };
    }

    public static IEnumerable<TerminalForm> Forms(TerminalForm form) => Bits((ulong)form).Select(b => (TerminalForm)b);

    /// <summary>None of the bits, either half of them, and all but one.</summary>
    public static IEnumerable<ulong> Bits(ulong mask)
    {
        if (mask == 0)
            yield break;
        yield return 0;
        yield return mask & 0xffffffff;
        yield return mask & 0xffffffff00000000;
        for (var left = mask; left != 0; left &= left - 1)
            yield return mask & ~(left & ~(left - 1));
    }
}
