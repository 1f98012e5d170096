using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace CrProperty.Module;

/// <summary>A PowerShell host that writes down what a user would see and answers questions as told.</summary>
internal sealed class RecordingHost : PSHost
{
    private readonly RecordingUI _ui;

    /// <param name="answer">The choice taken at every prompt, by its label without the ampersand.</param>
    /// <param name="width">The terminal's width in columns.</param>
    public RecordingHost(string answer, int width) => _ui = new RecordingUI(answer, width);

    public string Text => _ui.Text.ToString();

    public int Questions => _ui.Questions;

    public IReadOnlyList<ProgressRecord> Progress => _ui.Progress;

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;
    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;
    public override Guid InstanceId { get; } = Guid.NewGuid();
    public override string Name => "RecordingHost";
    public override PSHostUserInterface UI => _ui;
    public override Version Version => new(1, 0);
    public override void EnterNestedPrompt() => throw new NotSupportedException();
    public override void ExitNestedPrompt() => throw new NotSupportedException();
    public override void NotifyBeginApplication() { }
    public override void NotifyEndApplication() { }
    public override void SetShouldExit(int exitCode) { }

    private sealed class RecordingUI(string answer, int width) : PSHostUserInterface
    {
        public StringBuilder Text { get; } = new();
        public List<ProgressRecord> Progress { get; } = [];
        public int Questions { get; private set; }

        public override PSHostRawUserInterface RawUI { get; } = new FixedRawUI(width);
        public override bool SupportsVirtualTerminal => false;

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            Questions++;
            Text.AppendLine(message);
            for (var i = 0; i < choices.Count; i++)
                if (choices[i].Label.Replace("&", "", StringComparison.Ordinal) == answer)
                    return i;
            throw new InvalidOperationException($"No choice '{answer}'.");
        }

        public override void Write(string value) => Text.Append(GetOutputString(value, SupportsVirtualTerminal));
        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);
        public override void WriteLine(string value) => Write(value + "\n");
        public override void WriteErrorLine(string value) => Text.AppendLine(value);
        public override void WriteDebugLine(string message) => Text.AppendLine(message);
        public override void WriteVerboseLine(string message) => Text.AppendLine(message);
        public override void WriteWarningLine(string message) => Text.AppendLine(message);
        public override void WriteProgress(long sourceId, ProgressRecord record) => Progress.Add(record);

        public override string ReadLine() => throw new NotSupportedException();
        public override SecureString ReadLineAsSecureString() => throw new NotSupportedException();
        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
            => throw new NotSupportedException(message);
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
            => throw new NotSupportedException();
        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName,
            PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw new NotSupportedException();
    }

    private sealed class FixedRawUI(int width) : PSHostRawUserInterface
    {
        public override ConsoleColor BackgroundColor { get; set; }
        public override ConsoleColor ForegroundColor { get; set; }
        public override Size BufferSize { get; set; } = new(width, 1000);
        public override Coordinates CursorPosition { get; set; }
        public override int CursorSize { get; set; }
        public override bool KeyAvailable => false;
        public override Size MaxPhysicalWindowSize => BufferSize;
        public override Size MaxWindowSize => BufferSize;
        public override Coordinates WindowPosition { get; set; }
        public override Size WindowSize { get; set; } = new(width, 1000);
        public override string WindowTitle { get; set; } = "";
        public override void FlushInputBuffer() { }
        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => new BufferCell[0, 0];
        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();
        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) { }
        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) { }
        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) { }
    }
}
