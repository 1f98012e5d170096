using System.Globalization;
using CrCore.Image;

namespace CrCore.Reporting;

/// <summary>Sizes, counts and states as the report words them.</summary>
internal static class ReportText
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    public static string Size(double bytes)
    {
        var unit = 0;
        for (; bytes >= 1024 && unit < Units.Length - 1; unit++)
            bytes /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes.ToString(unit == 0 || bytes >= 100 ? "0" : "0.#", CultureInfo.InvariantCulture)} {Units[unit]}");
    }

    public static string Count(long count, string one, string many)
        => string.Create(CultureInfo.InvariantCulture, $"{count:n0} {(count == 1 ? one : many)}");

    /// <summary>No longer than <paramref name="length"/>, for places in pictures; tables have the whole.</summary>
    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
            return text;
        var end = length - 1;
        if (char.IsHighSurrogate(text[end - 1]))
            end--;
        return text[..end] + "…";
    }

    /// <summary>The end of a path tells more than its beginning.</summary>
    public static string CutPath(string text, int length)
    {
        if (text.Length <= length)
            return text;
        var start = text.Length - length + 1;
        if (char.IsLowSurrogate(text[start]))
            start++;
        return "…" + text[start..];
    }

    public static string State(TaskRecord task) => task switch
    {
        { IsEnded: true } => "ended",
        { State: TaskRecord.StateStopped } => "stopped",
        { State: TaskRecord.StateTraced } => "traced",
        { State: TaskRecord.StateInterruptible or TaskRecord.StateUninterruptible } => "sleeping",
        _ => "running",
    };
}
