using CrCore.Restore;

namespace CrCore.Objects;

/// <summary>How kinds tell of what could not be kept, found only while restoring.</summary>
internal static class RestoreWarnings
{
    public static void Warn(this RestoreContext context, RestoringTask task, string id, string what, string reason, string? advice = null)
        => context.Warnings.Add(new(id, CrErrorKind.Obstacle, ObstacleSeverity.Warning, task.VPid, task.Image.Comm, what, reason, advice));

    /// <summary>Does what may be refused without harm to the rest; a refusal is told.</summary>
    public static void Attempt(this RestoreContext context, RestoringTask task, string id, string what, Action action)
    {
        try
        {
            action();
        }
        catch (CrKernelException e)
        {
            context.Warn(task, id, what, $"it could not be restored: {e.Message.TrimEnd('.')}", e.Advice);
        }
    }
}
