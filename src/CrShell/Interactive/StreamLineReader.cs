using System.Security;

namespace CrShell.Interactive;

/// <summary>Lines from redirected standard input. The prompt is still written: a log then shows what was asked.</summary>
internal sealed class StreamLineReader : ILineReader
{
    public string? ReadLine(string prompt)
    {
        Console.Out.Write(prompt);
        var line = Console.In.ReadLine();
        if (prompt.Length > 0)
            Console.Out.WriteLine(line);
        return line;
    }

    public SecureString? ReadSecret(string prompt)
    {
        Console.Out.Write(prompt);
        if (Console.In.ReadLine() is not { } line)
            return null;
        var secret = new SecureString();
        foreach (var c in line)
            secret.AppendChar(c);
        return secret;
    }
}
