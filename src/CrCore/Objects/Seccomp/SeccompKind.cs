using CrCore.Checkpoint;
using CrCore.Image;
using CrCore.Kernel;

namespace CrCore.Objects.Seccomp;

/// <summary>seccomp(2): tasks with a filter or in strict mode are refused, because calls made inside them would be judged by it.</summary>
internal sealed class SeccompKind : IInspectsTask
{
    public IEnumerable<RecordType> Records => [];

    public void Inspect(InspectContext context, LiveTask task)
    {
        foreach (var tid in task.Tids)
            if (ProcStatus.TryRead(context.Proc, new TaskDir(task.Pid, tid), out var status) && status.SeccompMode != 0)
                context.Refuse(task, "CrSeccomp", $"thread {tid}",
                    status.SeccompMode == 1 ? "it is in the strict mode of seccomp(2), which is not saved" : $"it has {status.SeccompFilterCount} seccomp filters, which are not saved");
    }
}
