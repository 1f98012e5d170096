namespace CrCore;

/// <summary>Mounts of a tree's mount namespace that come from outside of the tree: of what they show nothing is saved.</summary>
/// <param name="Keys">By the mount point, from the root of the tree's mount namespace: the key under which the restore is told what is mounted there.</param>
/// <param name="Others">All others that cannot be saved, too; their key is their mount point.</param>
public sealed record ExternalMounts(IReadOnlyDictionary<string, string> Keys, bool Others)
{
    /// <summary>None is declared so.</summary>
    public static ExternalMounts None { get; } = new(new Dictionary<string, string>(), false);
}

/// <summary>What is mounted at a restore where a mount from outside was (<see cref="ExternalMounts"/>).</summary>
/// <param name="Paths">By the key: a file or directory of this machine.</param>
/// <param name="Others">Of all others, whose key is an absolute path, what has this path here.</param>
public sealed record GivenMounts(IReadOnlyDictionary<string, string> Paths, bool Others)
{
    /// <summary>None is given.</summary>
    public static GivenMounts None { get; } = new(new Dictionary<string, string>(), false);

    /// <summary>What is mounted for a key; null when nothing is given.</summary>
    public string? PathOf(string key) => Paths.TryGetValue(key, out var path) ? path : Others && key.StartsWith('/') ? key : null;
}
