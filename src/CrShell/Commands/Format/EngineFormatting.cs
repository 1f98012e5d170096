using System.Management.Automation;
using System.Management.Automation.Host;
using System.Reflection;
using Microsoft.PowerShell.Commands.Internal.Format;

namespace CrShell.Commands.Format;

/// <summary>
/// Joins Format-Table, Format-List, Out-String and Out-File to the engine's own formatter.
/// </summary>
/// <remarks>
/// The engine package holds the public base classes of these cmdlets and everything they do, but the cmdlets themselves are in
/// an assembly that is not published as a package, and what they set in their constructors is internal. So it is set by
/// reflection here, in one place; the engine's version is pinned, and tests fail if a later one moves it.
/// </remarks>
internal static class EngineFormatting
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Assembly Engine = typeof(PSObject).Assembly;

    private static readonly FieldInfo Implementation = typeof(FrontEndCommandBase).GetField("implementation", Instance)
        ?? throw new MissingFieldException(nameof(FrontEndCommandBase), "implementation");

    /// <summary>Makes <paramref name="command"/> turn objects into formatting instructions of a shape (Table, List, Wide, Complex).</summary>
    public static void UseShape(FrontEndCommandBase command, string shape)
    {
        var value = Enum.Parse(Internal("FormatShape"), shape);
        Implementation.SetValue(command, Create(Internal("InnerFormatShapeCommand"), value));
    }

    /// <summary>Makes <paramref name="command"/> write objects as text of at most <paramref name="width"/> columns.</summary>
    public static void UseWriter(FrontEndCommandBase command, TextWriter writer, int width, bool noNewLine)
    {
        var manager = Create(Internal("OutputManagerInner"));
        manager.GetType().GetProperty("LineOutput", Instance)!.SetValue(manager, Create(Internal("TextWriterLineOutput"), writer, width, noNewLine));
        Implementation.SetValue(command, manager);
    }

    /// <summary>The host's columns; 120 where it has no screen.</summary>
    public static int WidthOf(PSHost host)
    {
        try
        {
            return Math.Max(2, host.UI.RawUI.BufferSize.Width);
        }
        catch (HostException)
        {
            return 120; // A program that hosts the engine without any screen.
        }
    }

    private static Type Internal(string name)
        => Engine.GetType($"Microsoft.PowerShell.Commands.Internal.Format.{name}", throwOnError: true)!;

    private static object Create(Type type, params object[] arguments)
        => Activator.CreateInstance(type, Instance, null, arguments, null)!;
}
