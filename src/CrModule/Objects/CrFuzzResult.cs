using CrFuzz;

namespace CrModule;

/// <summary>What came of changing an image again and again.</summary>
public sealed class CrFuzzResult
{
    internal CrFuzzResult(string path, int seed, FuzzResult result, TimeSpan duration)
    {
        (Path, Seed, Duration) = (path, seed, duration);
        (Trials, Refused, Read, Refusals, Findings) = (result.Trials, result.Refused, result.Read, result.Refusals, result.Findings);
    }

    /// <summary>The image that was changed.</summary>
    public string Path { get; }

    /// <summary>Of the first change.</summary>
    public int Seed { get; }

    /// <summary>Changed images that were tried.</summary>
    public int Trials { get; }

    /// <summary>Changed images that were refused with an error that says why.</summary>
    public int Refused { get; }

    /// <summary>Changed images that are valid all the same.</summary>
    public int Read { get; }

    /// <summary>Error ids, and how often each refused an image.</summary>
    public IReadOnlyDictionary<string, int> Refusals { get; }

    /// <summary>What brought a reader down; empty when nothing did.</summary>
    public IReadOnlyList<FuzzFinding> Findings { get; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; }

    /// <summary>The image's path as PowerShell's own file objects carry it; binds to -LiteralPath.</summary>
    public string PSPath => ProviderPath.Of(Path);

    /// <inheritdoc/>
    public override string ToString() => $"{Trials} trials, {Findings.Count} findings";
}
