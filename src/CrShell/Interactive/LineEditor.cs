using System.Security;
using CrShell.Host;

namespace CrShell.Interactive;

/// <summary>Completes a line at a place: the candidates, and the range that each would replace.</summary>
internal delegate (int Start, int Length, IReadOnlyList<string> Candidates) Completer(string line, int cursor);

/// <summary>
/// A small line editor for a terminal: the keys of Emacs mode that everyone's fingers know, history and completion with Tab.
/// </summary>
/// <param name="interrupted">Called on Ctrl+C, before <see cref="InputInterruptedException"/> is thrown.</param>
internal sealed class LineEditor(Terminal terminal, Action interrupted) : ILineReader
{
    private readonly LineHistory _history = new();
    private int _shownRow;

    public string? ReadLine(string prompt) => WithKeys(() => Read(prompt, null));

    public string? ReadCommand(string prompt, Completer completer)
    {
        var line = WithKeys(() => Read(prompt, completer));
        if (line is not null)
            _history.Add(line);
        return line;
    }

    public SecureString? ReadSecret(string prompt) => WithKeys(() => ReadHidden(prompt));

    // Ctrl+C comes as a key while a line is read: the line is given up here, and no signal handler races with it.
    private static T WithKeys<T>(Func<T> read)
    {
        Console.TreatControlCAsInput = true;
        try
        {
            return read();
        }
        finally
        {
            Console.TreatControlCAsInput = false;
        }
    }

    private SecureString? ReadHidden(string prompt)
    {
        Console.Out.Write(prompt);
        var secret = new SecureString();
        while (true)
        {
            var key = ReadKey();
            switch (key.Key, key.Modifiers)
            {
                case (ConsoleKey.Enter, _):
                    Console.Out.WriteLine();
                    return secret;
                case (ConsoleKey.Backspace, _):
                    if (secret.Length > 0)
                        secret.RemoveAt(secret.Length - 1);
                    break;
                case (ConsoleKey.D, ConsoleModifiers.Control) when secret.Length == 0:
                    Console.Out.WriteLine();
                    return null;
                default:
                    if (!char.IsControl(key.KeyChar))
                        secret.AppendChar(key.KeyChar);
                    break;
            }
        }
    }

    private string? Read(string prompt, Completer? completer)
    {
        var line = new LineBuffer();
        // Only the prompt's last line is drawn again with each key.
        var lastLine = prompt.LastIndexOf('\n') + 1;
        Console.Out.Write(prompt[..lastLine]);
        prompt = prompt[lastLine..];
        _shownRow = 0;
        CompletionCycle? cycle = null;
        Show(prompt, line);
        while (true)
        {
            var key = ReadKey();
            if (key.Key != ConsoleKey.Tab)
                cycle = null;
            switch (key.Key, key.Modifiers)
            {
                case (ConsoleKey.Enter, _):
                    line.End();
                    Show(prompt, line);
                    Console.Out.WriteLine();
                    return line.Text;
                case (ConsoleKey.D, ConsoleModifiers.Control) when line.Length == 0:
                    Console.Out.WriteLine();
                    return null;
                case (ConsoleKey.Tab, var modifiers) when completer is not null:
                    cycle ??= CompletionCycle.Start(completer, line);
                    cycle.Next(line, modifiers.HasFlag(ConsoleModifiers.Shift) ? -1 : 1);
                    break;
                case (ConsoleKey.UpArrow, _) or (ConsoleKey.P, ConsoleModifiers.Control):
                    if (completer is not null && _history.Older() is { } older)
                        line.Set(older);
                    break;
                case (ConsoleKey.DownArrow, _) or (ConsoleKey.N, ConsoleModifiers.Control):
                    if (completer is not null && _history.Newer() is { } newer)
                        line.Set(newer);
                    break;
                default:
                    Edit(line, key);
                    break;
            }
            Show(prompt, line);
        }
    }

    private static void Edit(LineBuffer line, ConsoleKeyInfo key)
    {
        switch (key.Key, key.Modifiers)
        {
            case (ConsoleKey.LeftArrow, _) or (ConsoleKey.B, ConsoleModifiers.Control): line.Move(-1); break;
            case (ConsoleKey.RightArrow, _) or (ConsoleKey.F, ConsoleModifiers.Control): line.Move(1); break;
            case (ConsoleKey.Home, _) or (ConsoleKey.A, ConsoleModifiers.Control): line.Home(); break;
            case (ConsoleKey.End, _) or (ConsoleKey.E, ConsoleModifiers.Control): line.End(); break;
            case (ConsoleKey.Backspace, _) or (ConsoleKey.H, ConsoleModifiers.Control): line.Backspace(); break;
            case (ConsoleKey.Delete, _) or (ConsoleKey.D, ConsoleModifiers.Control): line.Delete(); break;
            case (ConsoleKey.K, ConsoleModifiers.Control): line.KillToEnd(); break;
            case (ConsoleKey.U, ConsoleModifiers.Control): line.KillToStart(); break;
            case (ConsoleKey.W, ConsoleModifiers.Control): line.KillWord(); break;
            default:
                if (!char.IsControl(key.KeyChar))
                    line.Insert(key.KeyChar);
                break;
        }
    }

    private ConsoleKeyInfo ReadKey()
    {
        var key = Console.ReadKey(intercept: true);
        if (key is not { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control })
            return key;
        Console.Out.WriteLine("^C");
        interrupted();
        throw new InputInterruptedException();
    }

    private void Show(string prompt, LineBuffer line)
    {
        var width = Math.Max(1, terminal.Width);
        var text = terminal.ForOutput(prompt) + line.Text;
        var end = CellWidth.Of(text);
        var cursor = CellWidth.Of(terminal.ForOutput(prompt) + line.Text[..line.Cursor]);
        // Back to the first row, write all, then from the end to the cursor (ECMA-48 CUU, ED, CUF).
        var output = (_shownRow > 0 ? $"\e[{_shownRow}A" : "") + "\r\e[J" + text;
        if (end > 0 && end % width == 0)
            output += "\r\n";
        var up = end / width - cursor / width;
        output += (up > 0 ? $"\e[{up}A" : "") + "\r" + (cursor % width > 0 ? $"\e[{cursor % width}C" : "");
        Console.Out.Write(output);
        _shownRow = cursor / width;
    }

    /// <summary>One press of Tab after another goes round the candidates.</summary>
    private sealed class CompletionCycle(string text, int start, int length, IReadOnlyList<string> candidates)
    {
        private int _index = -1;

        public static CompletionCycle Start(Completer completer, LineBuffer line)
        {
            var (start, length, candidates) = completer(line.Text, line.Cursor);
            return new CompletionCycle(line.Text, start, length, candidates);
        }

        public void Next(LineBuffer line, int step)
        {
            if (candidates.Count == 0)
                return;
            _index = (_index + step + candidates.Count) % candidates.Count;
            var candidate = candidates[_index];
            line.Set(text[..start] + candidate + text[(start + length)..], start + candidate.Length);
        }
    }
}
