namespace CrCore;

/// <summary>What kind of failure an error is; each host maps it to its own categories in one table.</summary>
public enum CrErrorKind
{
    /// <summary>A parameter is out of its range or does not fit another.</summary>
    InvalidArgument,
    /// <summary>The process, image or path does not exist.</summary>
    NotFound,
    /// <summary>The caller lacks a capability or does not own the object.</summary>
    PermissionDenied,
    /// <summary>The image's bytes break the format.</summary>
    InvalidImage,
    /// <summary>Something in the way: a pid is taken, an image exists, a file changed.</summary>
    Obstacle,
    /// <summary>The object is of a kind that is not saved.</summary>
    NotSupported,
    /// <summary>The kernel refused an operation that should have worked.</summary>
    KernelRefused,
    /// <summary>The process changed, died or did not stop in time.</summary>
    TargetChanged,
    /// <summary>The engine broke its own rules.</summary>
    Internal,
}

/// <summary>
/// The root of every error that the engine raises on purpose. It names the task, the object, what failed,
/// the errno where a system call decided, and what the user can do next.
/// </summary>
public abstract class CrException : Exception
{
    /// <summary>Only the engine's own exceptions derive from this.</summary>
    protected CrException(CrErrorKind kind, string id, string message, string? advice = null, Exception? inner = null)
        : base(message, inner)
    {
        Kind = kind;
        Id = id;
        Advice = advice;
    }

    /// <summary>Stable identifier, never localized: scripts may compare it.</summary>
    public string Id { get; }

    /// <summary>What kind of failure it is; decides the category that a host shows.</summary>
    public CrErrorKind Kind { get; }

    /// <summary>What to do next, or null where nothing sensible can be said.</summary>
    public string? Advice { get; }

    /// <summary>The task concerned as the caller sees its pid, or null.</summary>
    public int? Pid { get; init; }

    /// <summary>The object concerned: a descriptor, an address range, a path; or null.</summary>
    public string? Object { get; init; }

    /// <summary>The errno of the system call that failed, or null when no call decided.</summary>
    public Errno? Errno { get; init; }
}

/// <summary>A parameter cannot be accepted; nothing was touched.</summary>
public sealed class CrArgumentException(string id, string message, string? advice = null, CrErrorKind kind = CrErrorKind.InvalidArgument)
    : CrException(kind, id, message, advice);

/// <summary>The image breaks the format. <see cref="Offset"/> is the first byte of the record that does.</summary>
public sealed class CrImageException(string id, string message, long offset, string? advice = null, Exception? inner = null)
    : CrException(CrErrorKind.InvalidImage, id, message, advice, inner)
{
    /// <summary>Byte offset in the image, or -1 where none applies.</summary>
    public long Offset { get; } = offset;
}

/// <summary>A system call failed, here or inside a task that is being captured or restored.</summary>
public sealed class CrKernelException : CrException
{
    /// <summary>The message is what was being done, the errno's name and its words; EPERM and EACCES, ENOENT and ESRCH decide the kind where none is given.</summary>
    public CrKernelException(string id, string what, Errno errno, string? advice = null, CrErrorKind? kind = null)
        : base(kind ?? KindOf(errno), id, $"{what}: {errno} ({errno.Describe()}).", advice)
        => Errno = errno;

    private static CrErrorKind KindOf(Errno e) => e switch
    {
        CrCore.Errno.EPERM or CrCore.Errno.EACCES => CrErrorKind.PermissionDenied,
        CrCore.Errno.ENOENT or CrCore.Errno.ESRCH => CrErrorKind.NotFound,
        _ => CrErrorKind.KernelRefused,
    };
}

/// <summary>A task of the tree died, changed or did not stop in time; what was done was undone.</summary>
public sealed class CrTargetException(string id, string message, string? advice = null)
    : CrException(CrErrorKind.TargetChanged, id, message, advice);

/// <summary>Preflight found obstacles. All of them are in <see cref="Obstacles"/>; nothing was changed.</summary>
public sealed class CrPreflightException : CrException
{
    /// <summary>The kind is that of the first obstacle; the message tells of all of them.</summary>
    public CrPreflightException(string id, IReadOnlyList<Obstacle> obstacles)
        : base(obstacles.Count > 0 ? obstacles[0].Kind : CrErrorKind.Obstacle, id, Describe(obstacles), CommonAdvice(obstacles))
        => Obstacles = obstacles;

    /// <summary>What is in the way, in the order in which it was found.</summary>
    public IReadOnlyList<Obstacle> Obstacles { get; }

    private static string Describe(IReadOnlyList<Obstacle> obstacles)
    {
        var text = new System.Text.StringBuilder();
        text.Append(obstacles.Count == 1 ? "There is an obstacle; nothing was changed." : $"There are {obstacles.Count} obstacles; nothing was changed.");
        var common = HasCommonAdvice(obstacles);
        foreach (var o in obstacles)
            text.Append('\n').Append("  ").Append(common ? o with { Advice = null } : o);
        return text.ToString();
    }

    /// <summary>Advice that serves all is given once, behind them; else each has its own.</summary>
    private static string? CommonAdvice(IReadOnlyList<Obstacle> obstacles)
        => HasCommonAdvice(obstacles) ? obstacles[0].Advice : obstacles.Count > 0 ? "Do what is said of each; then try again." : null;

    private static bool HasCommonAdvice(IReadOnlyList<Obstacle> obstacles)
    {
        for (var i = 1; i < obstacles.Count; i++)
            if (obstacles[i].Advice != obstacles[0].Advice)
                return false;
        return obstacles.Count > 0;
    }
}
