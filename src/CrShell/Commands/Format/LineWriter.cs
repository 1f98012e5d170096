using System.Text;

namespace CrShell.Commands.Format;

/// <summary>A writer that hands on each finished line.</summary>
internal sealed class LineWriter(Action<string> line) : TextWriter
{
    private readonly StringBuilder _pending = new();

    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value)
    {
        if (value == '\n')
            Emit();
        else
            _pending.Append(value);
    }

    public override void Write(string? value)
    {
        foreach (var c in value ?? "")
            Write(c);
    }

    public override void WriteLine(string? value)
    {
        Write(value);
        Emit();
    }

    public override void Flush()
    {
        if (_pending.Length > 0)
            Emit();
    }

    private void Emit()
    {
        line(_pending.ToString());
        _pending.Clear();
    }
}
