using CrCore.Kernel;

namespace CrCore.Objects.Files;

/// <summary>What is opened again by its name needs a name that leads to it.</summary>
internal static class NameRules
{
    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        var (id, reason, advice) = Verdict(d);
        if (id is not null)
            inspection.Refuse(d, id, reason!, advice);
    }

    /// <exception cref="CrTargetException">The name was lost since preflight.</exception>
    public static void Require(Descriptor d)
    {
        var (id, reason, advice) = Verdict(d);
        if (id is not null)
            throw new CrTargetException(id, $"Task {d.Pid}: {d.Label}: {reason} (since preflight).", advice) { Pid = d.Pid, Object = d.Label };
    }

    private static (string? Id, string? Reason, string? Advice) Verdict(Descriptor d) => d.Place switch
    {
        NamePlace.Leads => default,
        NamePlace.Deleted => ("CrFileDeleted", "it was deleted, and what it was cannot be saved yet", "Let the program close it first."),
        NamePlace.Unlinked => ("CrFileUnlinked", $"this name was removed, but the file has {d.Status.LinkCount} other name(s), which are not known",
            "Give the file its name back (link the other name to it) and try again."),
        _ => ("CrFileElsewhere", "this name does not lead to the open file: it was renamed or replaced, a file system is mounted over it, or the task sees other mounts",
            "Put the file back under this name and try again."),
    };
}
