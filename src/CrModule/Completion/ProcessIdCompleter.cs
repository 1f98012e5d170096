using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CrModule.Completion;

/// <summary>
/// Completes process ids. The word may be the start of a number or of a name; the list shows both, this very process
/// is left out because it cannot be checkpointed.
/// </summary>
public sealed class ProcessIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var results = new List<(int Id, CompletionResult Result)>();
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                var id = process.Id;
                var name = NameOf(process);
                if (id == Environment.ProcessId || name is null || !Matches(wordToComplete, id, name))
                    continue;
                var number = id.ToString(CultureInfo.InvariantCulture);
                results.Add((id, new CompletionResult(number, $"{number} ({name})", CompletionResultType.ParameterValue, $"{name}, process {number}")));
            }
        }
        results.Sort((a, b) => a.Id.CompareTo(b.Id));
        return results.ConvertAll(r => r.Result);
    }

    private static bool Matches(string word, int id, string name)
        => word.Length == 0
            || id.ToString(CultureInfo.InvariantCulture).StartsWith(word, StringComparison.Ordinal)
            || name.StartsWith(word, StringComparison.OrdinalIgnoreCase);

    private static string? NameOf(Process process)
    {
        try
        {
            return process.ProcessName;
        }
        catch (InvalidOperationException)
        {
            return null; // it ended between the list and the look
        }
    }
}
