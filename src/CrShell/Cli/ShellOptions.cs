namespace CrShell.Cli;

/// <summary>What the shell was asked to do.</summary>
internal enum ShellMode
{
    /// <summary>Read commands from standard input, with a prompt where that is a terminal.</summary>
    Interactive,

    /// <summary><c>-Command</c>: run the text, then end.</summary>
    Command,

    /// <summary><c>-File</c>: run a script with its arguments, then end.</summary>
    File,

    /// <summary><c>-Version</c></summary>
    Version,

    /// <summary><c>-Help</c></summary>
    Help,
}

/// <summary>A command line that cannot be understood; the message says which part.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// The command line, in the spelling that pwsh uses (<c>about_Pwsh</c>): case does not matter, one dash or two,
/// and a name may be cut short as long as it stays unique.
/// </summary>
internal sealed record ShellOptions
{
    public ShellMode Mode { get; init; } = ShellMode.Interactive;

    /// <summary>The text after <c>-Command</c>, or the path after <c>-File</c>.</summary>
    public string Text { get; init; } = "";

    /// <summary>What follows the script's path, untouched.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary><c>-NonInteractive</c>: prompts are errors instead of questions.</summary>
    public bool NonInteractive { get; init; }

    /// <summary><c>-NoExit</c>: go on to the prompt after the command or script.</summary>
    public bool NoExit { get; init; }

    private static readonly string[] Names =
        ["command", "file", "noprofile", "noninteractive", "nologo", "noexit", "interactive", "version", "help", "executionpolicy", "workingdirectory", "outputformat", "inputformat"];

    public static ShellOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new ShellOptions();
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsOption(args[i]))
                return options with { Mode = ShellMode.File, Text = args[i], Arguments = args[(i + 1)..].ToArray() };
            switch (Resolve(args[i]))
            {
                case "command":
                    if (i + 1 == args.Length)
                        throw new UsageException("-Command needs the text to run.");
                    return options with { Mode = ShellMode.Command, Text = string.Join(' ', args[(i + 1)..].ToArray()) };
                case "file":
                    if (i + 1 == args.Length)
                        throw new UsageException("-File needs the path of a script.");
                    return options with { Mode = ShellMode.File, Text = args[i + 1], Arguments = args[(i + 2)..].ToArray() };
                case "noninteractive":
                    options = options with { NonInteractive = true };
                    break;
                case "noexit":
                    options = options with { NoExit = true };
                    break;
                case "version":
                    return options with { Mode = ShellMode.Version };
                case "help":
                    return options with { Mode = ShellMode.Help };
                case "workingdirectory":
                    ChangeDirectory(Value(args, ref i));
                    break;
                case "executionpolicy":
                    _ = Value(args, ref i); // There is no execution policy outside Windows (about_Execution_Policies).
                    break;
                case "outputformat" or "inputformat":
                    if (!Value(args, ref i).Equals("Text", StringComparison.OrdinalIgnoreCase))
                        throw new UsageException("only the Text format is supported.");
                    break;
                // noprofile, nologo, interactive: this shell has neither profile nor banner.
            }
        }
        return options;
    }

    private static bool IsOption(string arg) => arg.Length > 1 && arg[0] == '-';

    private static string Resolve(string arg)
    {
        var name = arg.TrimStart('-').ToLowerInvariant();
        switch (name)
        {
            case "c": return "command";
            case "f": return "file";
            case "?" or "h": return "help";
            case "v": return "version";
            case "ep" or "ex": return "executionpolicy";
            case "wd": return "workingdirectory";
            case "i": return "interactive";
        }
        var matches = Names.Where(n => n.StartsWith(name, StringComparison.Ordinal)).ToArray();
        return matches.Length switch
        {
            1 => matches[0],
            0 => throw new UsageException($"there is no option '{arg}'."),
            _ => matches.Contains(name) ? name : throw new UsageException($"'{arg}' could mean -{string.Join(" or -", matches)}."),
        };
    }

    private static string Value(ReadOnlySpan<string> args, ref int i)
        => i + 1 < args.Length ? args[++i] : throw new UsageException($"{args[i]} needs a value.");

    private static void ChangeDirectory(string path)
    {
        try
        {
            Environment.CurrentDirectory = path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"-WorkingDirectory '{path}': {e.Message}");
        }
    }
}
