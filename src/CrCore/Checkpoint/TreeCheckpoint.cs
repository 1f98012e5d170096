namespace CrCore.Checkpoint;

/// <summary>Checkpoints a process tree: the recipe's entry.</summary>
public sealed class TreeCheckpoint(CheckpointOptions options, ICrLog? log = null, IProgress<CrProgress>? progress = null)
{
    /// <summary>Walks the tree and names every obstacle; touches nothing.</summary>
    /// <exception cref="CrArgumentException">The pid is not a process, is this process or one of its ancestors.</exception>
    public CheckpointPreview Preview(int pid, CancellationToken cancel = default)
        => throw new NotSupportedException($"{options}{log}{progress}{pid}{cancel}");

    /// <summary>Freezes the tree, writes the image under <paramref name="path"/>, and lets the tree run on or ends it.</summary>
    /// <exception cref="CrException">Nothing changed: the tree runs on and no image stands under the path.</exception>
    /// <exception cref="OperationCanceledException">As above.</exception>
    public CheckpointResult Run(int pid, string path, CancellationToken cancel = default)
        => throw new NotSupportedException($"{path}{pid}{cancel}");
}
