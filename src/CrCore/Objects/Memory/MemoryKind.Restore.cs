using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Memory;

internal sealed partial class MemoryKind : IRestoresTask
{
    public RestoreStage Stage => RestoreStage.Memory;

    public bool StepComesFirst => false;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
        => context.States.Get<MemoryLayouts>().Of(task.Image) is { } layout ? MemoryRestore.Map(context, task, layout, batch) : null;
}
