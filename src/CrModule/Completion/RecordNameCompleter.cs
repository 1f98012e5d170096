using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CrCore.Inspection;
using CrCore.Objects;

namespace CrModule.Completion;

/// <summary>Completes the names of records, each with its kind and id.</summary>
public sealed class RecordNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var results = new List<CompletionResult>();
        foreach (var type in Kinds.Catalog.Types)
            if (type.Name.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
                results.Add(new CompletionResult(type.Name, type.Name, CompletionResultType.ParameterValue, $"{RecordListing.KindOf(type.Id)}, record {type.Id}"));
        results.Sort((a, b) => string.CompareOrdinal(a.CompletionText, b.CompletionText));
        return results;
    }
}
