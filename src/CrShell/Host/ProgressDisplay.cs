using System.Management.Automation;

namespace CrShell.Host;

/// <summary>
/// Progress bars on the lines below the output, on standard error and only where that is a terminal.
/// They are taken away before anything else is written, and drawn at most ten times a second.
/// </summary>
internal sealed class ProgressDisplay(Terminal terminal)
{
    private const int MaxBars = 4;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly SortedDictionary<int, ProgressRecord> _active = [];
    private long _lastDrawn;
    private int _drawnLines;

    /// <summary>By activity alone: each command of a pipeline is another source, and all speak of the same work.</summary>
    public void Update(ProgressRecord record)
    {
        if (!terminal.ErrorIsTerminal || !terminal.OutputIsTerminal)
            return;
        if (record.RecordType == ProgressRecordType.Completed)
        {
            if (_active.Remove(record.ActivityId))
                Erase();
            return;
        }
        _active[record.ActivityId] = record;
        if (_lastDrawn != 0 && TimeProvider.System.GetElapsedTime(_lastDrawn) < Interval)
            return;
        Erase();
        Draw();
    }

    /// <summary>Takes the bars off the screen; the next update draws them again.</summary>
    public void Erase()
    {
        if (_drawnLines == 0)
            return;
        // Up to the first bar, then clear to the end of the screen (ECMA-48 CPL and ED).
        Console.Error.Write($"\e[{_drawnLines}F\e[J");
        _drawnLines = 0;
        _lastDrawn = 0;
    }

    /// <summary>Forgets bars that a stopped command left behind.</summary>
    public void Clear()
    {
        Erase();
        _active.Clear();
    }

    private void Draw()
    {
        _lastDrawn = TimeProvider.System.GetTimestamp();
        foreach (var record in _active.Values)
        {
            if (_drawnLines == MaxBars)
                break;
            Console.Error.WriteLine(Line(record, terminal.Width - 1));
            _drawnLines++;
        }
    }

    internal static string Line(ProgressRecord record, int width)
    {
        const int barCells = 20;
        var bar = "";
        if (record.PercentComplete is >= 0 and <= 100 and var percent)
        {
            var full = percent * barCells / 100;
            bar = $" [{new string('#', full)}{new string(' ', barCells - full)}] {percent,3}%";
        }
        var text = $"{record.Activity}{bar} {record.StatusDescription} {record.CurrentOperation}".TrimEnd().ReplaceLineEndings(" ");
        return text.Length <= width ? text : text[..Math.Max(0, width)];
    }
}
