using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace CrShell.Host;

/// <summary>The engine's view of this program: who it is, how to talk to the user, and how to end it.</summary>
internal sealed class ShellHost(ShellUI ui) : PSHost
{
    public override string Name => "CrShell";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version ?? new Version(0, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override PSHostUserInterface UI => ui;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    /// <summary>The code of the script's <c>exit</c>, once it was reached.</summary>
    public int? RequestedExit { get; private set; }

    public override void SetShouldExit(int exitCode) => RequestedExit = exitCode;

    public override void EnterNestedPrompt()
        => throw new HostException("This shell has no nested prompt. Answer the question, or stop the command with Ctrl+C.");

    public override void ExitNestedPrompt()
        => throw new HostException("This shell has no nested prompt.");

    // A program that draws on the terminal itself must not find progress bars there.
    public override void NotifyBeginApplication() => ui.ErasePending();

    public override void NotifyEndApplication() => ui.ErasePending();
}
