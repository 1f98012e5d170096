using System.Collections;
using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;

namespace CrShell.Commands.Processes;

/// <summary>
/// Start-Process. Redirected streams are the files themselves, opened by a shell that then becomes the program (the process id
/// stays): the process holds no pipe to this one, and so can be checkpointed whole.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "Process", SupportsShouldProcess = true)]
[OutputType(typeof(Process))]
public sealed class StartProcessCommand : PSCmdlet
{
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("PSPath", "Path")]
    public string FilePath { get; set; } = "";

    /// <summary>Joined with spaces, as in pwsh: quote what holds a space.</summary>
    [Parameter(Position = 1)]
    [Alias("Args")]
    public string[] ArgumentList { get; set; } = [];

    [Parameter]
    public string? WorkingDirectory { get; set; }

    [Parameter]
    [Alias("RSI")]
    public string? RedirectStandardInput { get; set; }

    [Parameter]
    [Alias("RSO")]
    public string? RedirectStandardOutput { get; set; }

    [Parameter]
    [Alias("RSE")]
    public string? RedirectStandardError { get; set; }

    [Parameter]
    public Hashtable? Environment { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Accepted as in pwsh; there are no other windows here.</summary>
    [Parameter]
    public SwitchParameter NoNewWindow { get; set; }

    protected override void BeginProcessing()
    {
        var program = Resolve();
        var arguments = string.Join(' ', ArgumentList);
        if (!ShouldProcess(program, "Start-Process"))
            return;
        var start = new ProcessStartInfo
        {
            FileName = program,
            Arguments = arguments,
            WorkingDirectory = WorkingDirectory is null ? SessionState.Path.CurrentFileSystemLocation.ProviderPath : GetUnresolvedProviderPathFromPSPath(WorkingDirectory),
        };
        Redirect(start);
        foreach (DictionaryEntry variable in Environment ?? [])
            start.Environment[variable.Key.ToString()!] = variable.Value?.ToString();
        Launch(start);
    }

    private void Launch(ProcessStartInfo start)
    {
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            ThrowTerminatingError(new ErrorRecord(e, "InvalidOperationException", ErrorCategory.InvalidOperation, FilePath));
            return;
        }
        if (PassThru)
            WriteObject(process);
        while (Wait && !process.WaitForExit(TimeSpan.FromMilliseconds(100)))
        {
            if (Stopping)
                throw new PipelineStoppedException();
        }
    }

    private string Resolve()
    {
        var command = FilePath.Contains('/') ? null : SessionState.InvokeCommand.GetCommand(FilePath, CommandTypes.Application);
        var path = command?.Source ?? GetUnresolvedProviderPathFromPSPath(FilePath);
        if (!File.Exists(path))
        {
            ThrowTerminatingError(new ErrorRecord(
                new FileNotFoundException($"There is no program '{FilePath}'."), "InvalidOperationException", ErrorCategory.ObjectNotFound, FilePath));
        }
        return path;
    }

    private void Redirect(ProcessStartInfo start)
    {
        (string? File, string Operator)[] streams = [(RedirectStandardInput, "<"), (RedirectStandardOutput, ">"), (RedirectStandardError, "2>")];
        var files = streams.Where(s => s.File is not null).ToArray();
        if (files.Length == 0)
            return;
        // sh -c 'a=$1; b=$2; shift 2; exec "$@" <"$a" >"$b"' sh FILE FILE PROGRAM ARGUMENTS; .NET splits at spaces outside "".
        var names = string.Concat(files.Select((_, i) => $"f{i}=${i + 1}; "));
        var operators = string.Concat(files.Select((f, i) => $" {f.Operator}\\\"$f{i}\\\""));
        var paths = string.Concat(files.Select(f => $" \"{GetUnresolvedProviderPathFromPSPath(f.File)}\""));
        start.Arguments = $"-c \"{names}shift {files.Length}; exec \\\"$@\\\"{operators}\" sh{paths} \"{start.FileName}\" {start.Arguments}";
        start.FileName = "/bin/sh";
    }
}
