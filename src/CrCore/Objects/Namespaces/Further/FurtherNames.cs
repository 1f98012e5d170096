using CrCore.Image;
using CrCore.Restore;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Names of files in an image whose tree has several mount namespaces: as the root's sees them, and those of another one through
/// /proc/PID/root of its owner.
/// </summary>
internal static class FurtherNames
{
    private const string Proc = "/proc/", Root = "/root";

    /// <summary>The name of a file of an owner's mount namespace. That of the top ends with a slash: no caller gets the link instead.</summary>
    public static string Of(int owner, string name) => $"{Proc}{owner}{Root}{name}";

    /// <summary>How the image calls a path that a task itself sees.</summary>
    public static string OfTask(TaskImage task, string path) => task.Get<MountNamespaceRecord>() is { } there ? Of(there.Owner, path) : path;

    /// <summary>
    /// The other way round: where a task of the tree finds what the image calls so, when its mounts stand. Not all that it had open or
    /// mapped when it left the root's mount namespace is seen in its own.
    /// </summary>
    public static string ForTask(RestoreContext context, RestoringTask task, string name)
        => task.Image.Get<MountNamespaceRecord>() is not null && !name.StartsWith(Proc, StringComparison.Ordinal) ? Of(context.Root.VPid, name) : name;

    /// <summary>Takes such a name apart.</summary>
    /// <param name="owners">The mounts of the further namespaces, by their owners.</param>
    /// <param name="name">Of an image.</param>
    /// <param name="path">From the root of that namespace.</param>
    /// <returns>Null for a name of the root's own namespace.</returns>
    public static MountTree? Split(IReadOnlyDictionary<int, MountTree> owners, string name, out string path)
    {
        path = name;
        if (owners.Count == 0 || !name.StartsWith(Proc, StringComparison.Ordinal))
            return null;
        var end = name.IndexOf('/', Proc.Length);
        if (end < 0 || !int.TryParse(name.AsSpan(Proc.Length, end - Proc.Length), System.Globalization.NumberStyles.None, null, out var owner)
            || !owners.TryGetValue(owner, out var tree) || MountTable.Below(Root, name[end..]) is not { } rest)
            return null;
        path = rest.Length == 0 ? "/" : rest;
        return tree;
    }
}
