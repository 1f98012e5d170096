namespace CrCore.Objects.Cgroups;

/// <summary>Roots that a user gives: one for every hierarchy, others for some ("hierarchy:/path").</summary>
internal sealed class CgroupRoots
{
    private readonly Dictionary<string, string> _roots = [];
    private readonly string _all;

    /// <exception cref="CrArgumentException">One is not of that form.</exception>
    public CgroupRoots(string? all, IReadOnlyList<string> some)
    {
        _all = all is null ? "" : Valid(all, all);
        foreach (var text in some)
        {
            var colon = text.IndexOf(":/", StringComparison.Ordinal);
            _roots[colon < 0 ? throw Bad(text) : text[..colon]] = Valid(text, text[(colon + 1)..]);
        }
    }

    private static string Valid(string text, string path)
        => path.StartsWith('/') && !path.Split('/').Contains("..") ? path.TrimEnd('/') : throw Bad(text);

    private static CrArgumentException Bad(string text)
        => new("CrCgroupRoot", $"'{text}' is not the root of a cgroup hierarchy.", "Give /path for all hierarchies, or hierarchy:/path for one (cpu:/path, name=systemd:/path, and :/path for cgroup v2).");

    private string Of(string hierarchy) => _roots.GetValueOrDefault(hierarchy) ?? _all;

    /// <summary>A path as the image has it: from the root on.</summary>
    public string Below(string hierarchy, string path)
    {
        var root = Of(hierarchy);
        return path == root ? "/" : root.Length > 0 && path.StartsWith(root + "/", StringComparison.Ordinal) ? path[root.Length..] : path;
    }

    /// <summary>Where a path of the image is here.</summary>
    public string Absolute(string hierarchy, string path) => Of(hierarchy) is { Length: > 0 } root ? root + (path == "/" ? "" : path) : path;
}
