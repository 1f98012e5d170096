using System.Management.Automation;
using System.Management.Automation.Runspaces;
using CrModule.Commands;
using Xunit;

namespace CrProperty.Module;

/// <summary>A runspace with the module loaded, as a user's shell would have it.</summary>
internal sealed class ModuleSession : IDisposable
{
    private readonly Runspace _runspace;

    public ModuleSession(string answer = "Yes", int width = 120)
    {
        Host = new RecordingHost(answer, width);
        var state = InitialSessionState.CreateDefault2();
        _runspace = RunspaceFactory.CreateRunspace(Host, state);
        _runspace.Open();
        var import = Run("Import-Module -Name $args[0] -ErrorAction Stop", Folder);
        if (import.Errors.Count > 0)
            throw new InvalidOperationException(import.Errors[0].ToString());
    }

    /// <summary>The module as it lies in the build's output.</summary>
    public static string Folder { get; } = Path.Combine(Path.GetDirectoryName(typeof(CheckpointProcessTreeCommand).Assembly.Location)!, "CrModule.psd1");

    public RecordingHost Host { get; }

    /// <summary>Runs a script; $args holds <paramref name="arguments"/>. A terminating error is the last of the errors.</summary>
    public Outcome Run(string script, params object?[] arguments)
    {
        using var shell = Prepare(script, arguments);
        var output = new List<PSObject>();
        ErrorRecord? terminating = null;
        try
        {
            output.AddRange(shell.Invoke());
        }
        catch (RuntimeException e)
        {
            terminating = e.ErrorRecord;
        }
        List<ErrorRecord> errors = [.. shell.Streams.Error];
        if (terminating is not null)
            errors.Add(terminating);
        return new Outcome(output, errors, [.. shell.Streams.Warning.Select(w => w.Message)], [.. shell.Streams.Verbose.Select(v => v.Message)], [.. shell.Streams.Debug.Select(d => d.Message)]);
    }

    /// <summary>The script, ready to be started and stopped by the test itself.</summary>
    public PowerShell Prepare(string script, params object?[] arguments)
    {
        var shell = PowerShell.Create(_runspace);
        shell.AddScript(script);
        foreach (var argument in arguments)
            shell.AddArgument(argument);
        return shell;
    }

    /// <summary>What a user sees on the terminal for a script's output.</summary>
    public string Show(string script, params object?[] arguments)
    {
        var before = Host.Text.Length;
        var outcome = Run($"& {{ {script} }} @args | Out-Host", arguments);
        if (outcome.Errors.Count > 0)
            throw new InvalidOperationException(outcome.Errors[0].ToString());
        return Host.Text[before..];
    }

    /// <summary>What the Tab key offers at the end of a line.</summary>
    public IReadOnlyList<CompletionResult> Complete(string line)
    {
        using var shell = PowerShell.Create(_runspace);
        return CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches;
    }

    public void Dispose() => _runspace.Dispose();
}

/// <summary>What a script left behind in its streams.</summary>
internal sealed record Outcome(
    IReadOnlyList<PSObject> Output, IReadOnlyList<ErrorRecord> Errors, IReadOnlyList<string> Warnings, IReadOnlyList<string> Verbose, IReadOnlyList<string> Debug)
{
    /// <summary>The only error's id without the command's class.</summary>
    public string ErrorId => Assert.Single(Errors).FullyQualifiedErrorId.Split(',')[0];

    public ErrorCategory Category => Assert.Single(Errors).CategoryInfo.Category;

    /// <summary>The only output object, when nothing failed.</summary>
    public T Single<T>()
    {
        Assert.Empty(Errors);
        return Assert.IsType<T>(Assert.Single(Output).BaseObject);
    }
}
