using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CrModule.Completion;

/// <summary>Completes image paths: directories and files that end in .cr; every file where no image is near.</summary>
public sealed class ImagePathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
        => PathCompletion.Complete(wordToComplete, TakesWildcards(commandName, parameterName), IsImage);

    /// <summary>Checkpoint-ProcessTree and New-CrRandomImage name an image that is to be made: its path is taken as it is.</summary>
    private static bool TakesWildcards(string command, string parameter)
        => (parameter.Equals("Path", StringComparison.OrdinalIgnoreCase) || parameter.Equals("DifferencePath", StringComparison.OrdinalIgnoreCase))
        && !command.StartsWith("Checkpoint", StringComparison.OrdinalIgnoreCase) && !command.StartsWith("New", StringComparison.OrdinalIgnoreCase);

    private static bool IsImage(FileSystemInfo entry)
        => entry is FileInfo && entry.Name.EndsWith(".cr", StringComparison.OrdinalIgnoreCase);
}
