using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>
/// The root's regular files, opened while the preflight looks at the next ones: in the first puppet, from which the root inherits
/// them. It is in the same namespaces as the root and has the same rights. Kept from the preflight to the restore.
/// </summary>
/// <remarks>
/// So each is looked up twice instead of three times, by two processors: how it is now, before anything is opened, and by open(2),
/// which tells whether it may be opened. Where anything is not as it should be, all of this is undone, and whoever looks at the
/// files one by one says what it is.
/// </remarks>
internal sealed class EarlyFiles
{
    /// <summary>Fewer are opened faster than a puppet is asked.</summary>
    private const int Few = 16;

    /// <summary>Each further task inherits the descriptors and closes them.</summary>
    private const int MostTasks = 16;

    private readonly HashSet<uint> _descriptions = [];
    private readonly HashSet<int> _numbers = [];

    /// <summary>Whether the description stands in the root's table, at its own number and with its descriptor's flag.</summary>
    public bool Has(SavedDescription saved) => _descriptions.Contains(saved.ObjRef);

    /// <summary>Whether one of them has the number in the root's table.</summary>
    public bool HasNumber(int number) => _numbers.Contains(number);

    /// <summary>All numbers but theirs up to one, as ranges.</summary>
    public IEnumerable<(int First, int Last)> OthersUpTo(int last)
    {
        var first = 0;
        foreach (var number in _numbers.Order())
        {
            if (number > first)
                yield return (first, number - 1);
            first = number + 1;
        }
        if (first <= last)
            yield return (first, last);
    }

    /// <summary>Whether a file is one of these: nothing but its name is needed, and the root has it first.</summary>
    private static bool IsFit(SavedFiles files, SavedDescription saved) => IsPlain(saved) && DescriptorServer.RootNumber(files, saved) is not null;

    /// <summary>Whether it is a file whose name is all that it takes, and for which nothing else of the tree must be there.</summary>
    public static bool IsPlain(SavedDescription saved)
        => saved.Data is { FdType: FdType.File, Anchor: 0, IsSynthetic: false } && saved.Name.StartsWith('/') && !saved.Name.StartsWith("/proc/", StringComparison.Ordinal);

    /// <summary>Opens what can be opened now, if it is worth it.</summary>
    /// <returns>What is still to be looked at.</returns>
    public List<SavedDescription> Open(CheckContext context, SavedFiles files, List<SavedDescription> all)
    {
        if (context.FirstPuppet is not { } firstPuppet || context.HasObstacle || context.Namespaces is { NewUser: true } or { NewMounts: true } || context.Image.Tasks.Count > MostTasks)
            return all;
        var fit = all.FindAll(saved => IsFit(files, saved));
        // What the root makes for its children comes behind them.
        if (fit.Count < Few || !TaskCalls.TryGetLimit(0, ResourceKind.OpenFiles, out var limit) || (ulong)DescriptorServer.NumbersNeeded(files, context.Image) > limit.Hard / 2)
            return all;
        var puppet = firstPuppet();
        try
        {
            OpenIn(puppet, files, fit);
            return all.FindAll(saved => !Has(saved));
        }
        catch (CrKernelException)
        {
            _descriptions.Clear();
            _numbers.Clear();
            var batch = new SyscallBatch();
            batch.Must("close descriptors", null, Sys.close_range, 0, uint.MaxValue, 0);
            puppet.Run(batch);
            return all;
        }
    }

    private void OpenIn(IRemoteTask puppet, SavedFiles files, List<SavedDescription> fit)
    {
        var feed = new BatchFeed(puppet, FilesInPlace.PieceSize);
        feed.Next().Must("close inherited descriptors", null, Sys.close_range, 0, uint.MaxValue, 0);
        var table = files.TableOf(fit[0].Task)!;
        var inPlace = new FilesInPlace(feed, fit.Count, static _ => false);
        using var look = new FileLook();
        _descriptions.EnsureCapacity(fit.Count);
        _numbers.EnsureCapacity(fit.Count);
        foreach (var saved in fit)
        {
            if (look.At(saved.Name, out var now) != Errno.None || !now.IsRegular || saved.Data.Identity.ChangeTo(FileIdentity.Of(now)) != FileChange.None)
                continue;
            inPlace.Open(saved, saved.Fd, table.Find(saved.Fd)!.CloseOnExec);
            _descriptions.Add(saved.ObjRef);
            _numbers.Add(saved.Fd);
        }
        inPlace.Finish();
        feed.Flush();
    }
}
