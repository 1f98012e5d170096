using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using CrShell.Cli;
using CrShell.Host;
using CrShell.Interactive;

namespace CrShell.Session;

/// <summary>One runspace and what it was asked to do, from opening to exit code.</summary>
internal sealed class ShellSession : IDisposable
{
    private readonly ShellOptions _options;
    private readonly ShellHost _host;
    private readonly ShellUI _ui;
    private readonly ILineReader _reader;
    private readonly Runspace _runspace;
    private readonly Interruption _interruption = new();

    private ShellSession(ShellOptions options)
    {
        _options = options;
        var terminal = new Terminal();
        _reader = terminal.InputIsTerminal ? new LineEditor(terminal, _interruption.Stop) : new StreamLineReader();
        _ui = new ShellUI(terminal, _reader, options.NonInteractive);
        _host = new ShellHost(_ui);
        if (!terminal.ColorOutput)
            WithoutStyle(PSStyle.Instance);
        _runspace = RunspaceFactory.CreateRunspace(_host, StartupState.Create());
        // A thread a command would cost its stack and its start; the engine's own hosts reuse this one too.
        _runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
    }

    /// <summary>Styles that nobody shows would be put in and taken out again, by an expression that is compiled for it.</summary>
    private static void WithoutStyle(PSStyle style)
    {
        style.OutputRendering = OutputRendering.PlainText;
        (style.Formatting.FormatAccent, style.Formatting.TableHeader, style.Formatting.CustomTableHeaderLabel) = ("", "", "");
    }

    public int? RequestedExit => _host.RequestedExit;

    public static ShellSession Open(ShellOptions options)
    {
        var session = new ShellSession(options);
        session._runspace.Open();
        ModuleOnPath.Join(session._runspace);
        Runspace.DefaultRunspace = session._runspace;
        return session;
    }

    /// <summary>Does what the options ask for; returns the process's exit code.</summary>
    public int Run()
    {
        var code = _options.Mode switch
        {
            ShellMode.Command => RunCommand(),
            ShellMode.File => RunFile(),
            _ => ExitCodes.Success,
        };
        if (_options.Mode == ShellMode.Interactive || (_options.NoExit && RequestedExit is null))
        {
            new CommandLoop(this, _reader).Run();
            code = ExitCodes.Success;
        }
        return RequestedExit ?? code;
    }

    /// <summary>Runs text as typed; returns how it ended.</summary>
    public Outcome RunText(string text) => Invoke(UserPipeline(text));

    /// <summary>What the <c>prompt</c> function says.</summary>
    public string Prompt()
    {
        try
        {
            using var pipeline = _runspace.CreatePipeline("prompt");
            return _interruption.During(pipeline, () => pipeline.Invoke()).FirstOrDefault()?.ToString() ?? "PS> ";
        }
        catch (RuntimeException)
        {
            return "PS> "; // A broken prompt function must not lock the user out of repairing it.
        }
    }

    public CommandCompletion Complete(string line, int cursor)
    {
        using var powershell = PowerShell.Create(_runspace);
        return CommandCompletion.CompleteInput(line, cursor, null, powershell);
    }

    public void Dispose()
    {
        _interruption.Dispose();
        _runspace.Dispose();
        Console.Out.Flush();
    }

    private int RunCommand() => RunText(_options.Text) switch
    {
        Outcome.Interrupted => ExitCodes.Interrupted,
        Outcome.Failed => ExitCodes.Failure,
        // about_Pwsh: the exit code is 1 where $? is false.
        _ => RequestedExit is null && !LastCommandSucceeded() ? ExitCodes.Failure : ExitCodes.Success,
    };

    private int RunFile()
    {
        var path = Path.GetFullPath(_options.Text);
        if (!File.Exists(path))
        {
            _ui.WriteErrorLine($"crshell: there is no script '{path}'.");
            return ExitCodes.Usage;
        }
        var arguments = ScriptArguments.Parse(_options.Arguments);
        var pipeline = UserPipeline($". '{CodeGeneration.EscapeSingleQuotedStringContent(path)}'{arguments.Bound} @args");
        foreach (var parameter in arguments.Words)
            pipeline.Commands[0].Parameters.Add(parameter);
        return Invoke(pipeline) switch
        {
            Outcome.Interrupted => ExitCodes.Interrupted,
            Outcome.Failed => ExitCodes.Failure,
            // A script's `exit n` ends the script and not the session: it leaves n here, and $? false unless n is 0.
            _ => LastCommandSucceeded() ? ExitCodes.Success : LastExitCode() ?? ExitCodes.Failure,
        };
    }

    // Only a pipeline that joins the history sets $? for those after it; the engine keeps its own ones apart so.
    private Pipeline UserPipeline(string text) => _runspace.CreatePipeline(text, addToHistory: true);

    private int? LastExitCode() => _runspace.SessionStateProxy.GetVariable("global:LASTEXITCODE") is int code and not 0 ? code : null;

    private bool LastCommandSucceeded() => _runspace.SessionStateProxy.GetVariable("global:?") is true;

    private Outcome Invoke(Pipeline pipeline)
    {
        using (pipeline)
        {
            pipeline.Commands.Add(Formatter());
            try
            {
                // No input is coming: a command that waits for it would wait for ever.
                pipeline.Input.Close();
                _interruption.During(pipeline, () => pipeline.Invoke());
                return pipeline.PipelineStateInfo.State == PipelineState.Stopped && _interruption.WasAsked ? Outcome.Interrupted : Outcome.Completed;
            }
            catch (PipelineStoppedException)
            {
                return _interruption.WasAsked ? Outcome.Interrupted : Outcome.Failed;
            }
            catch (RuntimeException e)
            {
                Report(e);
                return Outcome.Failed;
            }
            finally
            {
                _ui.CommandEnded();
            }
        }
    }

    // Errors join the output on the way to the formatter, so that both keep their order.
    private static Command Formatter() => new("Out-Default")
    {
        MergeUnclaimedPreviousCommandResults = PipelineResultTypes.Error | PipelineResultTypes.Output,
    };

    /// <summary>Shows a terminating error as the formatter would have shown it in the stream.</summary>
    private void Report(RuntimeException exception)
    {
        try
        {
            // As text, since writing the record again would put this place in it instead of the script's.
            using var pipeline = _runspace.CreatePipeline();
            pipeline.Commands.Add(new Command("Out-String"));
            pipeline.Input.Write(exception.ErrorRecord);
            pipeline.Input.Close();
            _ui.WriteErrorLine(string.Concat(pipeline.Invoke()).TrimEnd());
        }
        catch (RuntimeException)
        {
            _ui.WriteErrorLine(exception.Message); // The session is too broken to format it; the message still counts.
        }
    }
}
