using System.Globalization;
using System.Management.Automation;

namespace CrModule.Pipeline;

/// <summary>
/// Columns of tables that show a property in other words. They belong to the types file, as hidden code properties: a script in a view
/// costs the first table of a shell milliseconds, and a property of the object itself would stand in its lists and its JSON.
/// </summary>
public static class TableText
{
    /// <summary>The length of an image in MiB.</summary>
    public static string Size(PSObject image) => image.BaseObject is CrImage { Length: var length } ? string.Create(CultureInfo.CurrentCulture, $"{length / (double)(1 << 20):n1} MiB") : "";

    /// <summary>How long a tree stood still.</summary>
    public static string Frozen(PSObject image) => image.BaseObject is CrImage { Frozen: var frozen } ? Milliseconds(frozen) : "";

    /// <summary>How long a restore took.</summary>
    public static string Duration(PSObject tree) => tree.BaseObject is CrRestoredTree { Duration: var duration } ? Milliseconds(duration) : "";

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.CurrentCulture, $"{time.TotalMilliseconds:n0} ms");
}
