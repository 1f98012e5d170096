namespace CrHarness.Plans;

/// <summary>Which signals a plan may use for what (signal(7)).</summary>
public static class SignalSets
{
    /// <summary>SIGUSR1: the harness asks tasks with it, so no plan blocks, sends or disposes it.</summary>
    public const int Control = 10;

    private const int Kill = 9, Alarm = 14, Child = 17, Continue = 18, Stop = 19, NeverSent = 40;

    /// <summary>Signals whose default action ends the process. Two real-time ones belong to the C library.</summary>
    public static IReadOnlyList<int> Fatal { get; } = Enumerable.Range(1, 64)
        .Where(s => s is not (Child or Continue or Stop or 20 or 21 or 22 or 23 or 28 or 32 or 33)).ToArray();

    /// <summary>Fatal signals that dump core.</summary>
    public static IReadOnlyList<int> Core { get; } = [3, 4, 5, 6, 7, 8, 11, 24, 25, 31];

    /// <summary>What a plan may block: not what cannot be, not the control signal, not the C library's own.</summary>
    public static ulong Blockable { get; } = Mask(Enumerable.Range(1, 64)
        .Where(s => s is not (Kill or Stop or Control or Continue or 32 or 33)));

    /// <summary>What a plan may leave pending: stop signals and SIGCONT cancel each other, SIGCHLD comes by itself.</summary>
    public static ulong Sendable { get; } = Blockable & ~Mask([Child, Continue, 20, 21, 22, NeverSent]);

    /// <summary>What a plan may set a disposition for.</summary>
    public static ulong Disposable { get; } = Blockable & ~Mask([NeverSent]);

    /// <summary>SIGALRM.</summary>
    public const int AlarmSignal = Alarm;

    /// <summary>SIGCHLD.</summary>
    public const int ChildSignal = Child;

    /// <summary>Whether a signal is in a mask.</summary>
    public static bool Has(ulong mask, int signal) => signal is >= 1 and <= 64 && (mask >> (signal - 1) & 1) != 0;

    /// <summary>The mask of one signal, 1 to 64.</summary>
    public static ulong Bit(int signal) => 1UL << (signal - 1);

    /// <summary>The signals of a mask in ascending order.</summary>
    public static IEnumerable<int> List(ulong mask)
    {
        for (var s = 1; s <= 64; s++)
            if (Has(mask, s))
                yield return s;
    }

    private static ulong Mask(IEnumerable<int> signals) => signals.Aggregate(0UL, (mask, s) => mask | Bit(s));
}
