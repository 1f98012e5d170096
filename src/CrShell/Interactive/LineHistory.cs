namespace CrShell.Interactive;

/// <summary>The lines entered before, for the arrow keys. Kept for this session only.</summary>
internal sealed class LineHistory
{
    private const int Capacity = 1000;
    private readonly List<string> _lines = [];
    private int _position;

    public void Add(string line)
    {
        if (line.Length > 0 && (_lines.Count == 0 || _lines[^1] != line))
            _lines.Add(line);
        if (_lines.Count > Capacity)
            _lines.RemoveAt(0);
        _position = _lines.Count;
    }

    /// <summary>The line before the one shown, or null at the oldest.</summary>
    public string? Older() => _position > 0 ? _lines[--_position] : null;

    /// <summary>The line after the one shown; empty past the newest.</summary>
    public string? Newer()
    {
        if (_position >= _lines.Count)
            return null;
        return ++_position < _lines.Count ? _lines[_position] : "";
    }
}
