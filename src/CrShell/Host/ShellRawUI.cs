using System.Management.Automation.Host;

namespace CrShell.Host;

/// <summary>The terminal as a grid: its size, cursor, keys and title. Reading back what is on the screen is not possible on a terminal.</summary>
internal sealed class ShellRawUI(Terminal terminal) : PSHostRawUserInterface
{
    private string _title = "crshell";

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override int CursorSize { get; set; } = 25;

    public override Size BufferSize
    {
        get => new(terminal.Width, terminal.Height);
        set => throw NotOnATerminal("BufferSize");
    }

    public override Size WindowSize
    {
        get => new(terminal.Width, terminal.Height);
        set => throw NotOnATerminal("WindowSize");
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override Coordinates WindowPosition
    {
        get => new(0, 0);
        set => throw NotOnATerminal("WindowPosition");
    }

    public override Coordinates CursorPosition
    {
        get
        {
            if (!terminal.OutputIsTerminal || !terminal.InputIsTerminal)
                return new Coordinates(0, 0);
            var (left, top) = Console.GetCursorPosition();
            return new Coordinates(left, top);
        }
        set
        {
            if (terminal.OutputIsTerminal)
                Console.SetCursorPosition(value.X, value.Y);
        }
    }

    public override string WindowTitle
    {
        get => _title;
        set
        {
            _title = value;
            if (terminal.ColorOutput)
                Console.Title = value;
        }
    }

    public override bool KeyAvailable => terminal.InputIsTerminal && Console.KeyAvailable;

    public override KeyInfo ReadKey(ReadKeyOptions options)
    {
        if (!terminal.InputIsTerminal)
            throw new HostException("A key can be read only from a terminal; standard input is redirected.");
        var key = Console.ReadKey(intercept: options.HasFlag(ReadKeyOptions.NoEcho));
        var state = (ControlKeyStates)0;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Shift))
            state |= ControlKeyStates.ShiftPressed;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Control))
            state |= ControlKeyStates.LeftCtrlPressed;
        if (key.Modifiers.HasFlag(ConsoleModifiers.Alt))
            state |= ControlKeyStates.LeftAltPressed;
        return new KeyInfo((int)key.Key, key.KeyChar, state, keyDown: options.HasFlag(ReadKeyOptions.IncludeKeyDown));
    }

    public override void FlushInputBuffer()
    {
        while (KeyAvailable)
            Console.ReadKey(intercept: true);
    }

    public override int LengthInBufferCells(string source) => CellWidth.Of(source);

    public override int LengthInBufferCells(string source, int offset) => CellWidth.Of(source[offset..]);

    public override int LengthInBufferCells(char source) => CellWidth.Of(source.ToString());

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw NotOnATerminal("GetBufferContents");

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill)
        => throw NotOnATerminal("ScrollBufferContents");

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw NotOnATerminal("SetBufferContents");

    /// <summary>Clear-Host fills the whole screen (a rectangle of -1) with blanks; any other fill is refused.</summary>
    public override void SetBufferContents(Rectangle rectangle, BufferCell fill)
    {
        if (rectangle.Right != -1 && rectangle.Left != -1)
            throw NotOnATerminal("SetBufferContents");
        if (terminal.OutputIsTerminal)
            Console.Clear();
    }

    private static NotOnATerminalException NotOnATerminal(string what) => new(what);
}

/// <summary>Something that a console window of Windows can do and a terminal cannot.</summary>
internal sealed class NotOnATerminalException(string what) : NotSupportedException($"{what} is not possible on a terminal.");
