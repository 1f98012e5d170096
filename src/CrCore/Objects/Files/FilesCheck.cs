using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Preflight of a restore: every description's kind compares what it needs with this machine.</summary>
internal static class FilesCheck
{
    /// <summary>At least so many files are looked at by two threads.</summary>
    private const int ManyFiles = 128;

    public static void Check(CheckContext context)
    {
        var files = SavedFiles.Of(context.Lasting, context.Image, context.Options);
        files.Keys.Check(context);
        LateNames.Check(context, files);
        AnchorsCheck.Check(context);
        CheckDescriptions(context, files.Descriptions);
        CheckLimit(context, files);
        foreach (var task in context.Image.Tasks)
            if (files.TableOf(task) is { } table && table.Owner != task && !TaskSharing.SharesTable(task))
                context.Refuse(task, "CrSharedTable", "descriptor table", $"it is shared with {table.Owner}, but not with the task's parent; such sharing cannot be restored",
                    kind: CrErrorKind.NotSupported);
    }

    private static void CheckDescriptions(CheckContext context, IReadOnlyList<SavedDescription> all)
    {
        foreach (var saved in all)
        {
            Anchors.Require(context.Image, saved.Data.Anchor);
            if (DescriptorKinds.Find(saved.Data.FdType) is not { } kind)
                context.Refuse(saved.Task, "CrDescriptorNotSupported", saved.Label, $"its type {(int)saved.Data.FdType} is not known to this program",
                    "Restore with the program that wrote the image, or a newer one.", CrErrorKind.NotSupported);
            else if (!kind.ChecksAlone)
                kind.Check(context, saved);
        }
    }

    /// <summary>The files that there can be thousands of, when all else was looked at.</summary>
    public static void CheckMany(CheckContext context)
    {
        var files = SavedFiles.Of(context.Lasting, context.Image, context.Options);
        var alone = new List<SavedDescription>();
        foreach (var saved in files.Descriptions)
            if (DescriptorKinds.Find(saved.Data.FdType) is { ChecksAlone: true })
                alone.Add(saved);
        CheckAlone(context, context.Lasting.Get<EarlyFiles>().Open(context, files, alone));
    }

    private static void CheckAlone(CheckContext context, List<SavedDescription> alone)
    {
        // What is found in a user namespace is kept, and by one thread.
        if (alone.Count < ManyFiles || Environment.ProcessorCount == 1 || context.InUserNamespace)
        {
            CheckRange(context, alone, 0, alone.Count);
            return;
        }
        var half = alone.Count / 2;
        var other = context.ForAnotherThread();
        var work = Task.Run(() => CheckRange(other, alone, half, alone.Count));
        try
        {
            CheckRange(context, alone, 0, half);
        }
        finally
        {
            Task.WaitAny(work);
        }
        work.GetAwaiter().GetResult();
        context.Obstacles.AddRange(other.Obstacles);
    }

    private static void CheckRange(CheckContext context, List<SavedDescription> files, int start, int end)
    {
        for (var i = start; i < end; i++)
            DescriptorKinds.Find(files[i].Data.FdType)!.Check(context, files[i]);
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
