using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using CrShell.Interactive;

namespace CrShell.Host;

/// <summary>
/// Everything the engine writes or asks. Output, warnings and messages go to standard output as in pwsh, errors to standard
/// error. The questions are in <see cref="Questions"/>.
/// </summary>
internal sealed class ShellUI(Terminal terminal, ILineReader reader, bool nonInteractive) : PSHostUserInterface, IHostUISupportsMultipleChoiceSelection
{
    private readonly Lock _lock = new();
    private readonly ShellRawUI _raw = new(terminal);
    private readonly ProgressDisplay _progress = new(terminal);

    public override PSHostRawUserInterface RawUI => _raw;

    public override bool SupportsVirtualTerminal => terminal.ColorOutput;

    public override void Write(string value) => Out(value, newLine: false);

    public override void WriteLine(string value) => Out(value, newLine: true);

    public override void WriteLine() => Out("", newLine: true);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
        => Out(Colored(foregroundColor, backgroundColor, value), newLine: false);

    public override void WriteLine(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value)
        => Out(Colored(foregroundColor, backgroundColor, value), newLine: true);

    public override void WriteDebugLine(string message) => Tagged("DEBUG: ", message, PSStyle.Instance.Formatting.Debug);

    public override void WriteVerboseLine(string message) => Tagged("VERBOSE: ", message, PSStyle.Instance.Formatting.Verbose);

    public override void WriteWarningLine(string message) => Tagged("WARNING: ", message, PSStyle.Instance.Formatting.Warning);

    public override void WriteErrorLine(string value)
    {
        lock (_lock)
        {
            _progress.Erase();
            Console.Error.WriteLine(terminal.ForError(value));
        }
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        lock (_lock)
            _progress.Update(record);
    }

    /// <summary>Called before something else takes the terminal.</summary>
    public void ErasePending()
    {
        lock (_lock)
            _progress.Erase();
    }

    /// <summary>Called when a command has ended, however it ended.</summary>
    public void CommandEnded()
    {
        lock (_lock)
            _progress.Clear();
    }

    public override string ReadLine() => Ask("Read-Host").ReadLine("") ?? "";

    public override SecureString ReadLineAsSecureString() => Ask("Read-Host").ReadSecret();

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
        => Ask(message).Fields(caption, message, descriptions);

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        => Ask(message).Choice(caption, message, choices, defaultChoice);

    public Collection<int> PromptForChoice(string? caption, string? message, Collection<ChoiceDescription> choices, IEnumerable<int>? defaultChoices)
        => Ask(message ?? "").Choices(caption, message, choices, defaultChoices);

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
        => Ask(message).Credential(caption, message, userName);

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options)
        => PromptForCredential(caption, message, userName, targetName);

    private Questions Ask(string question)
    {
        if (nonInteractive)
            throw new HostException($"The shell was started with -NonInteractive and cannot ask: {question}");
        ErasePending();
        return new Questions(this, reader);
    }

    private void Tagged(string tag, string message, string style)
        => Out(terminal.ColorOutput ? $"{style}{tag}{message}{PSStyle.Instance.Reset}" : tag + message, newLine: true);

    private void Out(string? text, bool newLine)
    {
        lock (_lock)
        {
            _progress.Erase();
            text = terminal.ForOutput(text);
            if (newLine)
                Console.Out.WriteLine(text);
            else
                Console.Out.Write(text);
        }
    }

    private string Colored(ConsoleColor foreground, ConsoleColor background, string value)
    {
        if (!terminal.ColorOutput)
            return value;
        // The defaults mean "as the terminal has it", which need not be grey on black.
        var on = background == _raw.BackgroundColor ? "" : PSStyle.MapBackgroundColorToEscapeSequence(background);
        var ink = foreground == _raw.ForegroundColor ? "" : PSStyle.MapForegroundColorToEscapeSequence(foreground);
        return on.Length + ink.Length == 0 ? value : $"{on}{ink}{value}{PSStyle.Instance.Reset}";
    }
}
