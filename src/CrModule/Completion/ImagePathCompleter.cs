using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace CrModule.Completion;

/// <summary>
/// Completes image paths: directories and files that end in .cr; every file where no image is near. It looks into the
/// file system itself, because PowerShell's own file completion needs commands that a small host lacks.
/// </summary>
public sealed class ImagePathCompleter : IArgumentCompleter
{
    private static readonly EnumerationOptions Listing = new()
    {
        IgnoreInaccessible = true,
        AttributesToSkip = 0,
        MatchCasing = MatchCasing.CaseSensitive,
    };

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        var cut = word.LastIndexOf('/') + 1;
        var entries = Matches(Directory(word[..cut]), word[cut..]);
        if (entries.Exists(IsImage))
            entries.RemoveAll(e => e is FileInfo && !IsImage(e));
        return entries.ConvertAll(e => Result(word[..cut], e, TakesWildcards(commandName, parameterName)));
    }

    /// <summary>Checkpoint-ProcessTree names an image that is to be made: its path is taken as it is.</summary>
    private static bool TakesWildcards(string command, string parameter)
        => parameter.Equals("Path", StringComparison.OrdinalIgnoreCase) && !command.StartsWith("Checkpoint", StringComparison.OrdinalIgnoreCase);

    private static bool IsImage(FileSystemInfo entry)
        => entry is FileInfo && entry.Name.EndsWith(".cr", StringComparison.OrdinalIgnoreCase);

    private static List<FileSystemInfo> Matches(DirectoryInfo directory, string prefix)
    {
        var matches = new List<FileSystemInfo>();
        try
        {
            foreach (var entry in directory.EnumerateFileSystemInfos("*", Listing))
                if (entry.Name.StartsWith(prefix, StringComparison.Ordinal) && (entry.Name[0] != '.' || prefix.StartsWith('.')))
                    matches.Add(entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // no such directory: nothing to offer
        }
        matches.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        return matches;
    }

    private static DirectoryInfo Directory(string given) => new(Absolute(given));

    /// <summary>A path as a user types it, from the shell's location.</summary>
    internal static string Absolute(string given)
    {
        if (given.StartsWith("~/", StringComparison.Ordinal))
            given = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + given[1..];
        return Path.Combine(CurrentLocation(), given);
    }

    /// <summary>The shell's location in the file system, which is not the process's working directory.</summary>
    private static string CurrentLocation()
        => ScriptBlock.Create("$ExecutionContext.SessionState.Path.CurrentFileSystemLocation.ProviderPath").InvokeReturnAsIs() switch
        {
            PSObject { BaseObject: string path } => path,
            string path => path,
            _ => Environment.CurrentDirectory,
        };

    private static CompletionResult Result(string prefix, FileSystemInfo entry, bool takesWildcards)
    {
        var text = prefix + entry.Name;
        if (takesWildcards)
            text = WildcardPattern.Escape(text);
        if (text.AsSpan().IndexOfAny(" '\"`$(){};|&<>,@#") >= 0)
            text = $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
        var kind = entry is DirectoryInfo ? CompletionResultType.ProviderContainer : CompletionResultType.ProviderItem;
        return new CompletionResult(text, entry.Name, kind, entry.FullName);
    }
}
