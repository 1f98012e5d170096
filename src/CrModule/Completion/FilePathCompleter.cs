using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CrModule.Completion;

/// <summary>Completes paths of files and directories of any kind: keys, pid files, plans, what is exported.</summary>
public sealed class FilePathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
        => PathCompletion.Complete(wordToComplete, takesWildcards: parameterName.Equals("Path", StringComparison.OrdinalIgnoreCase), preferred: null);
}
