using System.Text;
using CrCore;

namespace CrFuzz;

/// <summary>A change that brought a reader down.</summary>
/// <param name="Problem">What the reader did.</param>
/// <param name="Seed">Makes the same change of the same image again.</param>
/// <param name="Mutation">The kind of change.</param>
/// <param name="What">What was changed.</param>
/// <param name="Details">The problem in words.</param>
/// <param name="SavedAs">Where the changed image was kept; null when it was not.</param>
public sealed record FuzzFinding(TrialProblem Problem, int Seed, MutationKind Mutation, string What, string Details, string? SavedAs);

/// <summary>What came of fuzzing with one image.</summary>
/// <param name="Trials">Changed images that a reader was given.</param>
/// <param name="Refused">Changed images that were refused.</param>
/// <param name="Read">Changed images that passed every check: the change had no meaning, or gave another valid image.</param>
/// <param name="Refusals">How often each error id refused one.</param>
/// <param name="Findings">Those that brought a reader down.</param>
public sealed record FuzzResult(int Trials, int Refused, int Read, IReadOnlyDictionary<string, int> Refusals, IReadOnlyList<FuzzFinding> Findings);

/// <summary>Changes an image again and again and tries what readers make of it.</summary>
public sealed record ImageFuzzer
{
    /// <summary>Of the first change; the next one has the next number.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many changes are tried.</summary>
    public int Count { get; init; } = 1000;

    /// <summary>Ends earlier when it is over.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.MaxValue;

    /// <summary>A directory for counter-examples; null keeps none.</summary>
    public string? Keep { get; init; }

    /// <param name="image">A valid image.</param>
    /// <param name="progress">Called with the number of trials done.</param>
    /// <exception cref="CrImageException">The image is not valid.</exception>
    public FuzzResult Run(byte[] image, Action<int>? progress = null, CancellationToken cancel = default)
    {
        var mutation = new ImageMutation(image);
        var scratch = Path.Combine(Path.GetTempPath(), $"crfuzz-{Guid.NewGuid():n}");
        var (refused, read, done) = (0, 0, 0);
        var refusals = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var findings = new List<FuzzFinding>();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            var trial = new ImageTrial(scratch);
            for (; done < Count && clock.Elapsed < Duration && !cancel.IsCancellationRequested; done++)
            {
                var changed = mutation.Make(Seed + done);
                var mustFail = changed.Kind is MutationKind.Cut or MutationKind.Append || (changed.Kind is MutationKind.Flip && mutation.HasChecksums);
                var outcome = trial.Run(changed.Bytes, mustFail);
                if (outcome.Problem != TrialProblem.None)
                    findings.Add(new(outcome.Problem, Seed + done, changed.Kind, changed.What, outcome.Details, Save(changed, outcome, Seed + done)));
                if (outcome.Refusal is { } id)
                {
                    refused++;
                    refusals[id] = refusals.GetValueOrDefault(id) + 1;
                }
                else
                {
                    read++;
                }
                progress?.Invoke(done + 1);
            }
        }
        finally
        {
            File.Delete(scratch);
        }
        return new(done, refused, read, refusals, findings);
    }

    /// <summary>The changed image, and beside it what it did.</summary>
    private string? Save(MutatedImage changed, in TrialOutcome outcome, int seed)
    {
        if (Keep is null)
            return null;
        Directory.CreateDirectory(Keep);
        var path = Path.Combine(Keep, $"{outcome.Problem}-{seed}.cr");
        File.WriteAllBytes(path, changed.Bytes);
        File.WriteAllText(path + ".txt", $"{changed.Kind}: {changed.What}\n{outcome.Problem}: {outcome.Details}\n", new UTF8Encoding(false));
        return path;
    }
}
