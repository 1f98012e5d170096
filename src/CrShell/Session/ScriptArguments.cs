using System.Management.Automation.Runspaces;

namespace CrShell.Session;

/// <summary>
/// The words after <c>-File script</c> as parameters. They are words, not code (<c>about_Pwsh</c>): nothing in them is
/// expanded, and only <c>-Switch:$false</c> and <c>-Switch:$true</c> have a meaning beyond their letters.
/// </summary>
internal static class ScriptArguments
{
    public static IEnumerable<CommandParameter> Parse(IReadOnlyList<string> words)
    {
        foreach (var word in words)
        {
            if (!IsParameter(word))
            {
                yield return new CommandParameter(null, word);
                continue;
            }
            var colon = word.IndexOf(':');
            if (colon < 0)
                yield return new CommandParameter(word);
            else if (colon < word.Length - 1)
                yield return new CommandParameter(word[..colon], Value(word[(colon + 1)..]));
            else
                yield return new CommandParameter(word);
        }
    }

    // "-5" is a number and "-" or "--" a plain word.
    private static bool IsParameter(string word)
        => word.Length > 1 && word[0] == '-' && (char.IsLetter(word[1]) || word[1] is '_' or '?');

    private static object Value(string text) => text.ToLowerInvariant() switch
    {
        "$true" => true,
        "$false" => false,
        "$null" => null!,
        _ => text,
    };
}
