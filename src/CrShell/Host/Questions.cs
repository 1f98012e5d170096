using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using CrShell.Interactive;

namespace CrShell.Host;

/// <summary>
/// The questions a command may put: choices, mandatory parameters, secrets. End of input is never taken as consent: a choice
/// with a "No" gets that, anything else is an error.
/// </summary>
internal sealed class Questions(ShellUI ui, ILineReader reader)
{
    public string? ReadLine(string prompt) => reader.ReadLine(prompt);

    public int Choice(string? caption, string? message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        Title(caption, message);
        var keys = choices.Select(ChoiceKey.Of).ToArray();
        var line = string.Join("  ", keys.Select(k => $"[{k.Key}] {k.Label}")) + "  [?] Help"
            + (defaultChoice >= 0 ? $" (default is \"{keys[defaultChoice].Key}\"): " : ": ");
        while (true)
        {
            var lines = Fitting(line);
            foreach (var before in lines[..^1])
                ui.WriteLine(before);
            var answer = reader.ReadLine(lines[^1]);
            if (answer is null)
                return AtEndOfInput(keys, message);
            answer = answer.Trim();
            if (answer.Length == 0 && defaultChoice >= 0)
                return defaultChoice;
            if (answer == "?")
            {
                for (var i = 0; i < keys.Length; i++)
                    ui.WriteLine($"{keys[i].Key} - {choices[i].HelpMessage}");
                continue;
            }
            var index = Array.FindIndex(keys, k => k.Matches(answer));
            if (index >= 0)
                return index;
        }
    }

    /// <summary>Several choices, one a line; an empty line ends the list.</summary>
    public Collection<int> Choices(string? caption, string? message, Collection<ChoiceDescription> choices, IEnumerable<int>? defaults)
    {
        Title(caption, message);
        var keys = choices.Select(ChoiceKey.Of).ToArray();
        ui.WriteLine(string.Join("  ", keys.Select(k => $"[{k.Key}] {k.Label}")));
        var chosen = new Collection<int>();
        while (reader.ReadLine($"Choice[{chosen.Count}]: ") is { } answer)
        {
            if (answer.Trim().Length == 0)
                return chosen.Count > 0 ? chosen : new Collection<int>((defaults ?? []).ToList());
            var index = Array.FindIndex(keys, k => k.Matches(answer.Trim()));
            if (index >= 0)
                chosen.Add(index);
        }
        throw EndOfInput(message);
    }

    public Dictionary<string, PSObject> Fields(string? caption, string? message, Collection<FieldDescription> fields)
    {
        Title(caption, message);
        var answers = new Dictionary<string, PSObject>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in fields)
            answers[field.Name] = PSObject.AsPSObject(Field(field));
        return answers;
    }

    public SecureString ReadSecret()
    {
        var secret = reader.ReadSecret("") ?? throw EndOfInput("a secret");
        secret.MakeReadOnly();
        return secret;
    }

    public PSCredential Credential(string? caption, string? message, string? userName)
    {
        Title(caption, message);
        if (string.IsNullOrEmpty(userName))
            userName = reader.ReadLine("User: ") ?? throw EndOfInput(message);
        ui.Write($"Password for user {userName}: ");
        return new PSCredential(userName, ReadSecret());
    }

    private object Field(FieldDescription field)
    {
        var type = LanguagePrimitives.TryConvertTo<Type>(field.ParameterTypeFullName, out var known) && known is not null ? known : typeof(string);
        if (type == typeof(SecureString))
        {
            ui.Write($"{field.Name}: ");
            return ReadSecret();
        }
        if (!type.IsArray)
            return Convert(reader.ReadLine($"{field.Name}: ") ?? throw EndOfInput(field.Name), type);

        // A list is asked one element at a time, until an empty line.
        var elements = new List<object>();
        while ((reader.ReadLine($"{field.Name}[{elements.Count}]: ") ?? throw EndOfInput(field.Name)) is { Length: > 0 } element)
            elements.Add(Convert(element, type.GetElementType()!));
        return elements.ToArray();
    }

    private static object Convert(string answer, Type type)
        => LanguagePrimitives.TryConvertTo(answer, type, out var value) ? value : answer;

    private void Title(string? caption, string? message)
    {
        if (!string.IsNullOrEmpty(caption))
            ui.WriteLine($"\n{caption}");
        foreach (var paragraph in (message ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            foreach (var line in Fitting(paragraph))
                ui.WriteLine(line);
    }

    private string[] Fitting(string text) => [.. CellWidth.Lines(text, ui.RawUI.BufferSize.Width)];

    private int AtEndOfInput(ChoiceKey[] keys, string? message)
    {
        ui.WriteLine();
        var no = Array.FindIndex(keys, k => k.Label.Equals("No", StringComparison.OrdinalIgnoreCase));
        return no >= 0 ? no : throw EndOfInput(message);
    }

    private static HostException EndOfInput(string? question)
        => new($"Standard input ended before there was an answer to: {question}");

    /// <summary>A choice's label without its mark, and the key that the mark gives it ("Yes to &amp;All": A).</summary>
    private sealed record ChoiceKey(string Label, string Key)
    {
        public static ChoiceKey Of(ChoiceDescription choice)
        {
            var mark = choice.Label.IndexOf('&');
            var label = choice.Label.Replace("&", "", StringComparison.Ordinal).Trim();
            var key = mark >= 0 && mark + 1 < choice.Label.Length ? choice.Label[mark + 1].ToString().ToUpperInvariant() : label;
            return new ChoiceKey(label, key);
        }

        public bool Matches(string answer)
            => answer.Equals(Key, StringComparison.OrdinalIgnoreCase) || answer.Equals(Label, StringComparison.OrdinalIgnoreCase);
    }
}
