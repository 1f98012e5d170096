using System.Text;
using CrHarness.Plans;
using CrHarness.RoundTrips;

namespace CrModule.Pipeline;

/// <summary>A failed round trip as a script that makes it again.</summary>
internal static class CounterExampleScript
{
    /// <returns>The script's path.</returns>
    public static string Save(string folder, RoundTripResult result, RoundTripOptions options, bool newTimeNamespace)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"roundtrip-{(result.Seed is { } seed ? $"seed{seed}" : Guid.NewGuid().ToString("n"))}.ps1");
        File.WriteAllText(path, Text(result, options, newTimeNamespace), new UTF8Encoding(false));
        return path;
    }

    private static string Text(RoundTripResult result, RoundTripOptions options, bool newTimeNamespace)
    {
        var text = new StringBuilder("#Requires -Modules CrModule\n");
        if (result.Error is { } error)
            Comment(text, $"{result.FailedStep} failed: {error.Message}");
        foreach (var difference in result.Differences.Take(50))
            Comment(text, difference);
        // Single quotes: nothing in the plan is expanded; its names are escaped by JSON.
        text.Append("\n$plan = New-CrTreePlan -Json @'\n").Append(PlanJson.Write(result.Plan, indented: true)).Append("\n'@\n");
        return text.Append($"$plan | Test-CrRoundTrip -LeaveRunning:${options.LeaveRunning} -NewPidNamespace:${options.NewPidNamespace} -NewTimeNamespace:${newTimeNamespace} -ShrinkBudget 0\n").ToString();
    }

    private static void Comment(StringBuilder text, string words) => text.Append("# ").Append(words.ReplaceLineEndings("\n# ")).Append('\n');
}
