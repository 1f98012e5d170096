namespace CrCore.Restore;

/// <summary>Restores a process tree: the recipe's entry.</summary>
public sealed class TreeRestore(RestoreOptions options, ICrLog? log = null, IProgress<CrProgress>? progress = null)
{
    /// <summary>Reads the image, makes the plan and names every obstacle; creates nothing.</summary>
    public RestorePreview Preview(string path, CancellationToken cancel = default)
        => throw new NotSupportedException($"{options}{log}{progress}{path}{cancel}");

    /// <summary>Brings the tree back and lets it run.</summary>
    /// <exception cref="CrException">No process was left behind.</exception>
    public RestoreResult Run(string path, CancellationToken cancel = default)
        => throw new NotSupportedException($"{path}{cancel}");
}
