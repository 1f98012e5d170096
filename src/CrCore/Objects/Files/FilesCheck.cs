using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Preflight of a restore: every description's kind compares what it needs with this machine.</summary>
internal static class FilesCheck
{
    public static void Check(CheckContext context)
    {
        var files = new SavedFiles(context.Image, context.Options.Descriptors);
        files.Keys.Check(context);
        LateNames.Check(context, files);
        AnchorsCheck.Check(context);
        foreach (var saved in files.Descriptions)
        {
            Anchors.Require(context.Image, saved.Data.Anchor);
            if (DescriptorKinds.Find(saved.Data.FdType) is { } kind)
                kind.Check(context, saved);
            else
                context.Refuse(saved.Task, "CrDescriptorNotSupported", saved.Label, $"its type {(int)saved.Data.FdType} is not known to this program",
                    "Restore with the program that wrote the image, or a newer one.", CrErrorKind.NotSupported);
        }
        CheckLimit(context, files);
        foreach (var task in context.Image.Tasks)
            if (files.TableOf(task) is { } table && table.Owner != task && !TaskSharing.SharesTable(task))
                context.Refuse(task, "CrSharedTable", "descriptor table", $"it is shared with {table.Owner}, but not with the task's parent; such sharing cannot be restored",
                    kind: CrErrorKind.NotSupported);
    }

    /// <summary>The root's puppet holds each description above all numbers that the image uses.</summary>
    private static void CheckLimit(CheckContext context, SavedFiles files)
    {
        var needed = DescriptorServer.NumbersNeeded(files, context.Image);
        var limits = new RLimit64[ProcLimits.Count];
        if (!ProcLimits.TryRead(context.Proc, Environment.ProcessId, limits))
            return;
        var limit = limits[(int)ResourceKind.OpenFiles].Hard;
        if ((ulong)needed > limit)
            context.Refuse(null, "CrFileLimit", "RLIMIT_NOFILE", $"restoring takes {needed} descriptors in one process, the hard limit is {limit}",
                "Raise the hard limit of open files (ulimit -H -n) in the shell that restores.");
    }
}
