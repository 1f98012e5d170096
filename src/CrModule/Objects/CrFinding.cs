using CrCore;

namespace CrModule;

/// <summary>How a check came out.</summary>
public enum CrFindingStatus
{
    /// <summary>As it should be.</summary>
    Passed,
    /// <summary>It works, but something is not kept exactly or not possible for all.</summary>
    Warning,
    /// <summary>In the way.</summary>
    Failed,
}

/// <summary>What a check found: one thing that is as it should be, or one that is in the way.</summary>
public sealed class CrFinding
{
    internal CrFinding(object? subject, string check, CrFindingStatus status, string reason, string? id = null, string? what = null, string? advice = null)
        => (Subject, Check, Status, Reason, Id, Object, Advice) = (subject, check, status, reason, id, what ?? "", advice);

    internal CrFinding(object? subject, string check, Obstacle obstacle)
    {
        (Subject, Check) = (subject, check);
        Status = obstacle.Severity == ObstacleSeverity.Error ? CrFindingStatus.Failed : CrFindingStatus.Warning;
        (Id, Object, Reason, Advice) = (obstacle.Id, obstacle.Object, obstacle.Reason, obstacle.Advice);
        TaskId = obstacle.Pid == 0 ? null : obstacle.Pid;
        Comm = obstacle.Comm;
    }

    /// <summary>What was checked: an image's path, a root's process id; null for this machine.</summary>
    public object? Subject { get; }

    /// <summary>Which check it was.</summary>
    public string Check { get; }

    /// <summary>How the check came out.</summary>
    public CrFindingStatus Status { get; }

    /// <summary>Stable identifier of what is in the way; null where nothing is.</summary>
    public string? Id { get; }

    /// <summary>The task concerned: of a running tree its process id, of an image its VPid; null for none.</summary>
    public int? TaskId { get; }

    /// <summary>The name of the task concerned; empty for none.</summary>
    public string Comm { get; } = "";

    /// <summary>The descriptor, address range, path or feature.</summary>
    public string Object { get; }

    /// <summary>What was found.</summary>
    public string Reason { get; }

    /// <summary>What to do next; null where nothing is to be done.</summary>
    public string? Advice { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Check}: {Status}: {(TaskId is null ? "" : $"task {TaskId} ({Comm}): ")}{(Object.Length == 0 ? "" : Object + ": ")}{Reason}";
}
