using CrHarness.Spawning;
using Xunit;

namespace CrProperty.Trees;

/// <summary>One spawner for all tests that start trees. They run one after another: live trees want the machine's cores.</summary>
public sealed class TreeFixture : IDisposable
{
    public TreeSpawner Spawner { get; } = new();

    public void Dispose() => Spawner.Dispose();
}

[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class LiveTrees : ICollectionFixture<TreeFixture>
{
    public const string Name = "live trees";
}
