namespace CrCore.Kernel;

/// <summary>What access(2) is asked for.</summary>
[Flags]
public enum FileRights
{
    None = 0,
    /// <summary>To run a file, to enter a directory.</summary>
    Execute = 1,
    Write = 2,
    Read = 4,
}
