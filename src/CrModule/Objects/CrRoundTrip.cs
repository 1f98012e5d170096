using CrHarness.RoundTrips;

namespace CrModule;

/// <summary>What came of saving a tree, restoring it and comparing.</summary>
public sealed class CrRoundTrip
{
    internal CrRoundTrip(RoundTripResult result, TimeSpan duration, string? script)
    {
        Seed = result.Seed;
        Passed = result.Passed;
        (FailedStep, Error, Differences) = (result.FailedStep, result.Error, result.Differences);
        Plan = new CrTreePlan(result.Plan, result.Passed ? result.Seed : null);
        (Duration, CounterExample) = (duration, script);
    }

    internal CrRoundTrip(int id, StagedRoundTripResult result, TimeSpan duration, string? image)
    {
        Id = id;
        Passed = result.Passed;
        (FailedStep, Error, Differences) = (result.FailedStep, result.Error, result.Differences);
        (Duration, Image) = (duration, image);
    }

    /// <summary>The root of a tree of the user's own; null where trees were made up.</summary>
    public int? Id { get; }

    /// <summary>The seed of the tree; null where none was.</summary>
    public ulong? Seed { get; }

    /// <summary>Whether nothing differed and nothing failed.</summary>
    public bool Passed { get; }

    /// <summary>The tree's plan; of a failure the simplest that still fails so. Null for a tree of the user's own.</summary>
    public CrTreePlan? Plan { get; }

    /// <summary>The step that ended in an error; null where none did.</summary>
    public string? FailedStep { get; }

    /// <summary>What the failed step failed with; null where none did.</summary>
    public Exception? Error { get; }

    /// <summary>What the oracle saw differ, and what tasks found wrong with themselves.</summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>Of the whole round, with shrinking.</summary>
    public TimeSpan Duration { get; }

    /// <summary>A script that makes the same failure again; null where there is none.</summary>
    public string? CounterExample { get; }

    /// <summary>The image of a tree of the user's own whose round failed; else null.</summary>
    public string? Image { get; }

    /// <inheritdoc/>
    public override string ToString()
        => Passed ? "passed" : Error is { } e ? $"{FailedStep} failed: {e.Message}" : string.Join("; ", Differences.Take(3)) + (Differences.Count > 3 ? $" and {Differences.Count - 3} more" : "");
}
