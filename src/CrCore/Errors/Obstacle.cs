namespace CrCore;

/// <summary>How much an obstacle weighs.</summary>
public enum ObstacleSeverity
{
    /// <summary>Told, and the operation goes on: something is not kept exactly.</summary>
    Warning,
    /// <summary>The operation does not start.</summary>
    Error,
}

/// <summary>
/// One thing that preflight found in the way: which task, which object, why, and what to do about it.
/// </summary>
/// <param name="Id">Stable identifier, the same a <see cref="CrException.Id"/> would bear.</param>
/// <param name="Kind">Decides the category a host shows.</param>
/// <param name="Severity">Whether the operation can go on.</param>
/// <param name="Pid">The task as the caller sees it, or 0 when no task is concerned.</param>
/// <param name="Comm">The task's name, or empty.</param>
/// <param name="Object">Descriptor, address range, path: as exact as can be said; or empty.</param>
/// <param name="Reason">What it is and why it is in the way, one sentence without a full stop.</param>
/// <param name="Advice">What to do next, or null.</param>
public sealed record Obstacle(
    string Id, CrErrorKind Kind, ObstacleSeverity Severity,
    int Pid, string Comm, string Object, string Reason, string? Advice = null)
{
    /// <summary>Programs pass through it: a moment later it may be gone by itself.</summary>
    public bool IsTransient { get; init; }

    /// <summary>The obstacle in one line, as messages and warnings have it: task, object, reason, advice.</summary>
    public override string ToString()
    {
        var who = Pid == 0 ? "" : Comm.Length == 0 ? $"task {Pid}: " : $"task {Pid} ({Comm}): ";
        var what = Object.Length == 0 ? "" : Object + ": ";
        var next = Advice is null ? "." : ". " + Advice;
        return who + what + Reason + next;
    }
}

/// <summary>What a list of obstacles means for the operation.</summary>
public static class ObstacleList
{
    /// <summary>Whether one of them keeps the operation from starting.</summary>
    public static bool HasError(this IReadOnlyList<Obstacle> obstacles)
    {
        foreach (var o in obstacles)
            if (o.Severity == ObstacleSeverity.Error)
                return true;
        return false;
    }

    /// <summary>Whether nothing stands in the way but what may be gone by itself a moment later.</summary>
    public static bool HasOnlyTransientErrors(this IReadOnlyList<Obstacle> obstacles)
    {
        foreach (var o in obstacles)
            if (o is { Severity: ObstacleSeverity.Error, IsTransient: false })
                return false;
        return obstacles.HasError();
    }

    /// <exception cref="CrPreflightException">There are errors: all of them, under the id.</exception>
    internal static void ThrowIfAny(this IReadOnlyList<Obstacle> obstacles, string id)
    {
        var errors = new List<Obstacle>();
        foreach (var o in obstacles)
            if (o.Severity == ObstacleSeverity.Error)
                errors.Add(o);
        if (errors.Count > 0)
            throw new CrPreflightException(id, errors);
    }
}
