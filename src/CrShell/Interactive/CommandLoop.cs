using System.Management.Automation;
using System.Management.Automation.Language;
using CrShell.Session;

namespace CrShell.Interactive;

/// <summary>Reads commands until <c>exit</c> or the end of input, and runs each. A command that is not finished yet goes on over the next line.</summary>
internal sealed class CommandLoop(ShellSession session, ILineReader reader)
{
    public void Run()
    {
        while (session.RequestedExit is null)
        {
            string? command;
            try
            {
                command = ReadCommand();
            }
            catch (InputInterruptedException)
            {
                continue;
            }
            if (command is null)
                return;
            if (!string.IsNullOrWhiteSpace(command))
                session.RunText(command);
        }
    }

    private string? ReadCommand()
    {
        var command = Read(session.Prompt);
        while (command is not null && IsIncomplete(command))
        {
            if (Read(() => ">> ") is not { } more)
                return command; // The parser will say what is missing.
            command = command + "\n" + more;
        }
        return command;
    }

    // Commands from a file or a pipe come without a prompt: what they print stays as it is.
    private string? Read(Func<string> prompt)
        => reader is LineEditor editor ? editor.ReadCommand(prompt(), Complete) : Console.In.ReadLine();

    private static bool IsIncomplete(string command)
    {
        Parser.ParseInput(command, out _, out var errors);
        return errors.Length > 0 && errors.All(e => e.IncompleteInput);
    }

    private (int Start, int Length, IReadOnlyList<string> Candidates) Complete(string line, int cursor)
    {
        var completion = session.Complete(line, cursor);
        return (completion.ReplacementIndex, completion.ReplacementLength, completion.CompletionMatches.Select(m => m.CompletionText).ToArray());
    }
}
