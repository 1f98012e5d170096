using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Text;

namespace CrShell.Session;

/// <summary>
/// The words after <c>-File script</c> as parameters. They are words, not code (<c>about_Pwsh</c>): nothing in them is
/// expanded, and only <c>-Switch:$false</c> and <c>-Switch:$true</c> have a meaning beyond their letters.
/// </summary>
/// <param name="Words">What <c>@args</c> will hold: values, and names that find their values by the script's own parameters.</param>
/// <param name="Bound">
/// The words with a colon as text for the call, quoted: in <c>@args</c> a name would lose its hold on its value.
/// </param>
internal sealed record ScriptArguments(IReadOnlyList<CommandParameter> Words, string Bound)
{
    public static ScriptArguments Parse(IReadOnlyList<string> arguments)
    {
        var words = new List<CommandParameter>();
        var bound = new StringBuilder();
        foreach (var argument in arguments)
        {
            var colon = argument.IndexOf(':');
            if (!IsParameter(argument))
                words.Add(new CommandParameter(null, argument));
            else if (colon > 0 && colon < argument.Length - 1 && argument.AsSpan(1, colon - 1).IndexOfAnyExcept(NameCharacters) < 0)
                bound.Append(' ').Append(argument, 0, colon + 1).Append(Quoted(argument[(colon + 1)..]));
            else
                words.Add(new CommandParameter(argument));
        }
        return new ScriptArguments(words, bound.ToString());
    }

    private const string NameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

    // "-5" is a number and "-" or "--" a plain word.
    private static bool IsParameter(string word) => word.Length > 1 && word[0] == '-' && (char.IsLetter(word[1]) || word[1] == '_');

    private static string Quoted(string value)
        => value.ToLowerInvariant() is "$true" or "$false" or "$null" ? value : $"'{CodeGeneration.EscapeSingleQuotedStringContent(value)}'";
}
