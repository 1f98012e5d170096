using System.Management.Automation;
using System.Management.Automation.Internal;

namespace CrShell.Host;

/// <summary>
/// Facts about the three standard streams, read once: which are terminals, which may carry colour, how wide a line is.
/// </summary>
/// <remarks>Colour follows no-color.org (NO_COLOR present and not empty) and is off for TERM=dumb.</remarks>
internal sealed class Terminal
{
    /// <summary>Columns of output that goes to no terminal, unless COLUMNS says otherwise.</summary>
    private const int RedirectedWidth = 120;

    private const int FallbackWidth = 80;
    private const int FallbackHeight = 24;

    private readonly bool _plain =
        !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || Environment.GetEnvironmentVariable("TERM") == "dumb";

    public bool InputIsTerminal { get; } = !Console.IsInputRedirected;

    public bool OutputIsTerminal { get; } = !Console.IsOutputRedirected;

    public bool ErrorIsTerminal { get; } = !Console.IsErrorRedirected;

    public bool ColorOutput => OutputIsTerminal && !_plain;

    public bool ColorError => ErrorIsTerminal && !_plain;

    /// <summary>Columns at this moment: a terminal may be resized while a command runs.</summary>
    public int Width
    {
        get
        {
            if (OutputIsTerminal && Console.WindowWidth is > 0 and var width)
                return width;
            if (int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out var columns) && columns is >= 20 and <= 10_000)
                return columns;
            return OutputIsTerminal ? FallbackWidth : RedirectedWidth;
        }
    }

    public int Height => OutputIsTerminal && Console.WindowHeight is > 0 and var height ? height : FallbackHeight;

    /// <summary>The text as standard output may carry it.</summary>
    public string ForOutput(string? text) => ColorOutput ? text ?? "" : Plain(text);

    /// <summary>The text as standard error may carry it.</summary>
    public string ForError(string? text) => ColorError ? text ?? "" : Plain(text);

    private static string Plain(string? text)
        => string.IsNullOrEmpty(text) || !text.Contains('\e') ? text ?? "" : new StringDecorated(text).ToString(OutputRendering.PlainText);
}
