namespace CrShell.Session;

/// <summary>How a command ended.</summary>
internal enum Outcome
{
    /// <summary>It ran to its end, perhaps with errors on the way.</summary>
    Completed,

    /// <summary>A terminating error, or a parse error.</summary>
    Failed,

    /// <summary>The user stopped it with Ctrl+C.</summary>
    Interrupted,
}
