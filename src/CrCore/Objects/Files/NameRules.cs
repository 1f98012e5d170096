using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>What kinds of descriptions with names have in common.</summary>
internal static class NameRules
{
    /// <summary>
    /// Files of the kernel's own mounts have no device and names that lead nowhere; those that other kinds save, or nobody,
    /// say so by their names (mm/memfd.c, mm/secretmem.c).
    /// </summary>
    public static bool IsOfKernelMount(Descriptor d)
        => d.Place == NamePlace.Deleted && (d.Name.StartsWith("/memfd:", StringComparison.Ordinal) || d.Name.StartsWith("/secretmem", StringComparison.Ordinal));

    public static void Inspect(DescriptorInspection inspection, Descriptor d)
    {
        if (Anchoring.Verdict(ReferredFile.Of(inspection.Context.Proc, d), inspection.Options.MaxDeletedFileBytes) is var (id, reason, advice))
            inspection.Refuse(d, id, reason, advice);
    }

    /// <exception cref="CrTargetException">The name was lost since preflight.</exception>
    public static Anchored Anchor(DescriptorCapture capture, Descriptor d)
    {
        var file = ReferredFile.Of(capture.Context.Proc, d);
        if (Anchoring.Verdict(file, capture.Options.MaxDeletedFileBytes) is var (id, reason, advice))
            throw new CrTargetException(id, $"Task {d.Pid}: {d.Label}: {reason} (since preflight).", advice) { Pid = d.Pid, Object = d.Label };
        return Anchoring.Take(capture.Context, file);
    }

    /// <summary>How a description is saved that needs nothing but its file.</summary>
    public static SavedForm Form(DescriptorCapture capture, Descriptor d, FdType type)
    {
        var anchor = Anchor(capture, d);
        return new(type, d.Name, Records: anchor.Due, Anchor: anchor.ObjRef);
    }

    /// <summary>What is opened by its name must be of the type that it was.</summary>
    public static void CheckType(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.Anchor == 0)
            FileCheck.SameType(context, saved.Task, saved.Label, saved.Name, saved.Data.FileMode, saved.Data.RawDevice);
    }
}
