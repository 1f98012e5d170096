using System.Globalization;

namespace CrHarness.Oracle;

/// <summary>/proc/PID/stat or /proc/PID/task/TID/stat, taken apart as proc_pid_stat(5) counts its fields.</summary>
internal sealed class ProcStat
{
    private readonly string[] _fields;

    private ProcStat(string comm, string[] fields) => (Comm, _fields) = (comm, fields);

    public string Comm { get; }

    /// <summary>A field by its number in the manual page: 3 (state) to 52 (exit_code).</summary>
    public string this[int number] => _fields[number - 3];

    public char State => this[3][0];

    public int Parent => Number(4);

    public int Group => Number(5);

    public int Session => Number(6);

    private int Number(int field) => int.Parse(this[field], CultureInfo.InvariantCulture);

    public static ProcStat? TryRead(string path)
    {
        // The name may hold spaces, newlines and parentheses: it ends at the last one.
        if (ProcText.Read(path) is not { } text || text.IndexOf('(') is var open && open < 0)
            return null;
        var close = text.LastIndexOf(')');
        return new ProcStat(text[(open + 1)..close], text[(close + 2)..].TrimEnd('\n').Split(' '));
    }
}

/// <summary>/proc/PID/status as a table.</summary>
internal sealed class ProcStatus
{
    private readonly Dictionary<string, string> _lines = new(StringComparer.Ordinal);

    public string this[string name] => _lines.GetValueOrDefault(name, "");

    /// <summary>The pid (or tid) in the task's own pid namespace.</summary>
    public int VPid => Last("NSpid");

    public int VGroup => Last("NSpgid");

    public int VSession => Last("NSsid");

    private int Last(string name)
    {
        var value = this[name];
        return int.Parse(value.AsSpan(value.LastIndexOfAny([' ', '\t']) + 1), CultureInfo.InvariantCulture);
    }

    public static ProcStatus? TryRead(string path)
    {
        if (ProcText.Read(path) is not { } text)
            return null;
        var status = new ProcStatus();
        foreach (var line in text.Split('\n'))
            if (line.IndexOf(':') is var colon and > 0)
                status._lines[line[..colon]] = line[(colon + 1)..].Trim();
        return status._lines.ContainsKey("NSpid") ? status : null;
    }
}
