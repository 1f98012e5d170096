using CrCore.Kernel;

namespace CrModule.Pipeline;

/// <summary>
/// Which of several processes are roots of trees to save. A process whose ancestor was named as well is saved with the
/// ancestor's tree, as a server's workers beside their master.
/// </summary>
internal static class TreeRoots
{
    /// <param name="told">Hears of each process that is left out.</param>
    /// <exception cref="CrCore.CrKernelException">/proc cannot be read.</exception>
    public static List<CheckpointTarget> Of(List<CheckpointTarget> targets, Action<string> told)
    {
        if (targets.Count < 2)
            return targets;
        var named = targets.ToDictionary(t => t.Id);
        using var reader = new ProcReader();
        return targets.FindAll(target =>
        {
            if (NamedAncestor(reader, target.Id, named) is not { } root)
                return true;
            told($"Process {target} is saved with the tree of {root}.");
            return false;
        });
    }

    /// <summary>The nearest ancestor that was named; null for none, and for a process that is gone.</summary>
    private static CheckpointTarget? NamedAncestor(ProcReader reader, int id, Dictionary<int, CheckpointTarget> named)
    {
        // A parent may end and its number go to a younger process while this loop climbs: bound it rather than trust it.
        for (var steps = 0; steps < 4_194_304; steps++)
        {
            if (!ProcStat.TryRead(reader, id, out var stat) || stat.ParentPid == 0)
                return null;
            id = stat.ParentPid;
            if (named.TryGetValue(id, out var found))
                return found;
        }
        return null;
    }
}
