namespace CrCore.Reporting;

/// <summary>
/// How much of an image the report shows, so that the page of a large one can still be opened. What is left out is counted
/// where it is left out.
/// </summary>
internal static class ReportLimits
{
    /// <summary>Tasks in the picture of the tree.</summary>
    public const int DrawnTasks = 120;

    /// <summary>Tasks in the tables of tasks.</summary>
    public const int ListedTasks = 5000;

    /// <summary>Bars in the picture of sizes.</summary>
    public const int DrawnBars = 24;

    /// <summary>Tasks whose address space and descriptors are shown.</summary>
    public const int DetailedTasks = 60;

    /// <summary>Mappings of one task.</summary>
    public const int Mappings = 240;

    /// <summary>Descriptors of one task.</summary>
    public const int Descriptors = 200;

    /// <summary>Connections in the table.</summary>
    public const int Connections = 1000;

    /// <summary>Connections in the picture, and the tasks that they join.</summary>
    public const int DrawnConnections = 36, ConnectedTasks = 36;

    /// <summary>Ends of one connection.</summary>
    public const int Ends = 16;
}
