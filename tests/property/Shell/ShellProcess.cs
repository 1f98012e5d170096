using System.Diagnostics;
using System.Text;

namespace CrProperty.Shell;

/// <summary>What a run of the shell left behind.</summary>
internal sealed record ShellResult(int ExitCode, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd('\r')).ToArray();
}

/// <summary>The shell as its users meet it: another process, with redirected streams or on a terminal of its own.</summary>
internal sealed class ShellProcess : IDisposable
{
    // Far beyond what any test needs: it ends a hang and measures nothing.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // The shell may have a long script to run.
    private static readonly TimeSpan ScriptLimit = TimeSpan.FromMinutes(20);

    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly StringBuilder _seen = new();
    private int _expected;

    public static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "crshell");

    private ShellProcess(ProcessStartInfo start)
    {
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    public StreamReader Output => _process.StandardOutput;

    public StreamWriter Input => _process.StandardInput;

    public static ShellProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
        => new(StartInfo(Executable, arguments, environment));

    /// <summary>Runs the shell to its end with the given text as its whole standard input.</summary>
    public static ShellResult Run(string[] arguments, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        using var shell = Start(arguments, environment);
        return shell.Finish(input);
    }

    /// <summary>
    /// Runs the shell where nobody else is given process ids: those that it lets go stay free. Orphans that have ended stay, too,
    /// as nobody waits for them.
    /// </summary>
    public static ShellResult RunAlone(string[] arguments, IReadOnlyDictionary<string, string> environment)
        => RunFirst(["python3", "-c", "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))", Executable, .. arguments], environment);

    /// <summary>Runs a program as the first process of a pid namespace; all in it end with it.</summary>
    public static ShellResult RunFirst(string[] command, IReadOnlyDictionary<string, string> environment)
    {
        using var shell = new ShellProcess(StartInfo("unshare", ["--pid", "--mount-proc", "--kill-child", .. command], environment));
        return shell.Finish();
    }

    /// <summary>Runs a long script in a shell below a program that waits for whatever is orphaned there.</summary>
    public static ShellResult RunReaped(string reaper, string[] arguments, IReadOnlyDictionary<string, string> environment)
    {
        // Debian's own interpreter: one that a user has put before it need not stand the environment.
        using var shell = new ShellProcess(StartInfo("/usr/bin/python3", [reaper, Executable, .. arguments], environment));
        return shell.Finish("", ScriptLimit);
    }

    public static ShellResult Command(string text, string input = "") => Run(["-Command", text], input);

    /// <summary>Runs the shell on a pseudoterminal of a given width, which script(1) makes.</summary>
    public static ShellResult OnTerminal(string[] arguments, int columns, string input = "", IReadOnlyDictionary<string, string>? environment = null)
    {
        using var shell = StartOnTerminal(arguments, columns, environment);
        return shell.Finish(input);
    }

    public static ShellProcess StartOnTerminal(string[] arguments, int columns, IReadOnlyDictionary<string, string>? environment = null)
    {
        var words = string.Join(' ', arguments.Prepend(Executable).Select(a => $"'{a.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var terminal = new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["TERM"] = "xterm" };
        var start = StartInfo("/usr/bin/script", ["-qec", $"stty cols {columns} rows 30; exec {words}", "/dev/null"], terminal);
        return new ShellProcess(start);
    }

    /// <summary>Types something.</summary>
    public void Send(string text)
    {
        _process.StandardInput.Write(text);
        _process.StandardInput.Flush();
    }

    /// <summary>Reads until the text has come, after what was expected before.</summary>
    public void Expect(string text)
    {
        var buffer = new char[1024];
        int found;
        while ((found = _seen.ToString().IndexOf(text, _expected, StringComparison.Ordinal)) < 0)
        {
            var read = _process.StandardOutput.ReadAsync(buffer, 0, buffer.Length);
            if (!read.Wait(Limit) || read.Result == 0)
                throw new TimeoutException($"'{text}' did not come; this did: {_seen}");
            _seen.Append(buffer, 0, read.Result);
        }
        _expected = found + text.Length;
    }

    public ShellResult Finish(string input = "") => Finish(input, Limit);

    private ShellResult Finish(string input, TimeSpan limit)
    {
        try
        {
            _process.StandardInput.Write(input);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all of it, which is its right.
        }
        var output = _process.StandardOutput.ReadToEndAsync();
        if (!output.Wait(limit) || !_process.WaitForExit(limit))
            throw new TimeoutException("The shell did not end.");
        return new ShellResult(_process.ExitCode, _seen + output.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private static ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // What the person who runs the tests has set must not decide them.
        foreach (var name in (string[])["NO_COLOR", "COLUMNS", "LINES", "TERM", "PSModulePath"])
            start.Environment.Remove(name);
        start.Environment["TERM"] = "xterm";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return start;
    }
}
