using System.Security;

namespace CrShell.Interactive;

/// <summary>Where lines come from: a terminal with editing, or a stream.</summary>
internal interface ILineReader
{
    /// <summary>The next line, or null at the end of input.</summary>
    string? ReadLine(string prompt);

    /// <summary>A line that is not shown, or null at the end of input.</summary>
    SecureString? ReadSecret(string prompt);
}
