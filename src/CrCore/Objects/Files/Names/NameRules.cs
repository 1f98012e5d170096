using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;
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
        var file = ReferredFile.Of(inspection.Context.Proc, d, FurtherMounts.Of(inspection.Context));
        var verdict = Anchoring.Verdict(file, inspection.Options.MaxDeletedFileBytes);
        if (verdict is not null && !inspection.Context.IsFrozen)
            verdict = ReferredFile.Hold(file.Path, file.Prefix) is { } held ? Anchoring.Verdict(held, inspection.Options.MaxDeletedFileBytes) : null;
        if (verdict is var (id, reason, advice))
            inspection.Refuse(d, id, reason, advice);
        else if (d.Place == NamePlace.Deleted && d.Status.IsRegular)
            WarnOfSharing(inspection, d);
    }

    /// <summary>A file with a name stays one file for all; of one without, a restored program gets another.</summary>
    private static void WarnOfSharing(DescriptorInspection inspection, Descriptor d)
    {
        foreach (var holder in inspection.Outside.Of(d.LinkText))
            if (FileStatus.ReadDescriptor(holder.Pid, holder.Fd, out var theirs) == Errno.None && (theirs.Device, theirs.Inode) == (d.Status.Device, d.Status.Inode))
                inspection.Warn(d, "CrSharedOutside", $"{holder} outside of the tree has the deleted file open, too; a restored program has a copy of its own");
    }

    /// <exception cref="CrTargetException">The name was lost since preflight.</exception>
    public static Anchored Anchor(DescriptorCapture capture, Descriptor d)
    {
        var file = ReferredFile.Of(capture.Context.Proc, d, FurtherMounts.Of(capture.Context));
        if (Anchoring.Verdict(file, capture.Options.MaxDeletedFileBytes) is var (id, reason, advice))
            throw new CrTargetException(id, $"Task {d.Pid}: {d.Label}: {reason} (since preflight).", advice) { Pid = d.Pid, Object = d.Label };
        return Anchoring.Take(capture.Context, file);
    }

    /// <summary>How a description is saved that needs nothing but its file.</summary>
    public static SavedForm Form(DescriptorCapture capture, Descriptor d, FdType type)
    {
        var anchor = Anchor(capture, d);
        return new(type, FurtherFiles.NameOf(FurtherMounts.Of(capture.Context), d), Records: anchor.Due, Anchor: anchor.ObjRef);
    }

    /// <summary>What is opened by its name must be of the type that it was.</summary>
    public static void CheckType(CheckContext context, SavedDescription saved)
    {
        if (saved.Data.Anchor == 0)
            FileCheck.SameType(context, saved.Task, saved.Label, saved.Name, saved.Data.FileMode, saved.Data.RawDevice);
    }
}
