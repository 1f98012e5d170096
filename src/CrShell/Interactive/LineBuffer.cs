using System.Text;

namespace CrShell.Interactive;

/// <summary>The line being edited and the place of the cursor in it. Knows no terminal.</summary>
internal sealed class LineBuffer
{
    private readonly StringBuilder _text = new();

    public int Cursor { get; private set; }

    public int Length => _text.Length;

    public string Text => _text.ToString();

    public void Insert(char c) => _text.Insert(Cursor++, c);

    public void Set(string text, int cursor)
    {
        _text.Clear().Append(text);
        Cursor = Math.Clamp(cursor, 0, text.Length);
    }

    public void Set(string text) => Set(text, text.Length);

    public void Move(int by) => Cursor = Math.Clamp(Cursor + by, 0, Length);

    public void Home() => Cursor = 0;

    public void End() => Cursor = Length;

    public void Backspace()
    {
        if (Cursor > 0)
            _text.Remove(--Cursor, 1);
    }

    public void Delete()
    {
        if (Cursor < Length)
            _text.Remove(Cursor, 1);
    }

    public void KillToEnd() => _text.Length = Cursor;

    public void KillToStart()
    {
        _text.Remove(0, Cursor);
        Cursor = 0;
    }

    public void KillWord()
    {
        var start = Cursor;
        while (start > 0 && char.IsWhiteSpace(_text[start - 1]))
            start--;
        while (start > 0 && !char.IsWhiteSpace(_text[start - 1]))
            start--;
        _text.Remove(start, Cursor - start);
        Cursor = start;
    }
}
