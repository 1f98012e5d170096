using System.Globalization;
using CrHarness.Plans;
using CrHarness.RoundTrips;
using Xunit;

namespace CrProperty.Trees;

/// <summary>
/// A chain and a fan of many tasks there and back. CR_LARGE says how many; 2,000 of them take some minutes, most of which
/// goes into forking the chain.
/// </summary>
[Collection(LiveTrees.Name)]
public sealed class LargeTreeTests(TreeFixture fixture)
{
    private static int Count => int.TryParse(Environment.GetEnvironmentVariable("CR_LARGE"), CultureInfo.InvariantCulture, out var n) && n > 0 ? n : 200;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ComesBackTheSame(bool chain)
    {
        var tasks = Enumerable.Range(0, Count).Select(i => new TaskPlan { Parent = chain ? Math.Max(0, i - 1) : 0, Comm = $"t{i}", NewSession = i % 100 == 99 });
        var options = new RoundTripOptions { NewPidNamespace = true, Patience = TimeSpan.FromMinutes(5) };
        var result = RoundTrip.Run(new TreePlan { Tasks = [.. tasks] }, new CrCoreEngine(), fixture.Spawner, options);
        Assert.True(result.Passed, result.Error?.ToString() ?? string.Join("\n", result.Differences.Take(20)));
    }
}
