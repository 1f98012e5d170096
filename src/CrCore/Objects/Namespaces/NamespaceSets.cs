using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>Reads and names sets of namespaces.</summary>
internal static class NamespaceSets
{
    /// <summary>The kinds in which a task is elsewhere than the namespaces given; one that either has not is left out.</summary>
    /// <param name="others">By <see cref="NamespaceKind"/>, as ProcNamespaces reads them.</param>
    public static NamespaceSet Differing(ReadOnlySpan<ulong> task, ReadOnlySpan<ulong> others)
    {
        var set = NamespaceSet.None;
        for (var i = 0; i < ProcNamespaces.Count; i++)
            if (task[i] != 0 && others[i] != 0 && task[i] != others[i])
                set |= Of((NamespaceKind)i);
        return set;
    }

    public static NamespaceSet Of(NamespaceKind kind) => kind switch
    {
        NamespaceKind.Cgroup => NamespaceSet.Cgroup,
        NamespaceKind.Ipc => NamespaceSet.Ipc,
        NamespaceKind.Mount => NamespaceSet.Mount,
        NamespaceKind.Network => NamespaceSet.Network,
        NamespaceKind.Pid => NamespaceSet.Pid,
        NamespaceKind.Time => NamespaceSet.Time,
        NamespaceKind.User => NamespaceSet.User,
        NamespaceKind.Uts => NamespaceSet.Uts,
        // Where children will be: compared with the task's own (NamespaceInspection).
        _ => NamespaceSet.None,
    };

    /// <summary>"mount, network" and the like.</summary>
    public static string Names(NamespaceSet set) => set.ToString().ToLowerInvariant();
}
