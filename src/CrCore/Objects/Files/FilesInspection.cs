using CrCore.Checkpoint;
using CrCore.Kernel;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Files;

/// <summary>Preflight of a task's descriptors: every one that no kind can save is named.</summary>
internal static class FilesInspection
{
    public static void Inspect(DescriptorInspection inspection, LiveTask task)
    {
        if (task.IsZombie)
            return;
        if (!inspection.Context.IsGlimpse)
            InspectSharing(inspection.Context, task);
        var outside = inspection.Context.States.Get(() => new OutsideSharing(inspection));
        foreach (var d in inspection.Of(task).Concat(inspection.Held.All.Where(h => h.TaskPid == task.Pid)))
        {
            if (DescriptorKinds.Find(d) is not { } kind)
            {
                inspection.Refuse(d, "CrDescriptorNotSupported", $"{UnsupportedText.Describe(inspection.Context.Proc, d)} cannot be saved yet", UnsupportedText.Advice(d));
                continue;
            }
            kind.Inspect(inspection, d);
            LateNames.Inspect(inspection, d);
            FurtherFiles.Inspect(inspection, d);
            outside.Inspect(d);
        }
    }

    /// <summary>Threads of one process nearly always share their table; one that left it (unshare(2)) has a table that is not saved.</summary>
    private static void InspectSharing(InspectContext context, LiveTask task)
    {
        foreach (var tid in task.Tids)
        {
            if (tid == task.Pid)
                continue;
            try
            {
                if (!Kcmp.Same(task.Pid, tid, KcmpType.Files))
                    context.Refuse(task, "CrThreadFiles", $"thread {tid}", "it has a descriptor table of its own (unshare with CLONE_FILES), which cannot be saved yet");
            }
            catch (CrKernelException e) when (e.Errno == Errno.ESRCH)
            {
                // The thread ended meanwhile.
            }
        }
    }
}
