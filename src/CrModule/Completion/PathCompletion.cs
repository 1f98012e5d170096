using System.Management.Automation;
using System.Management.Automation.Language;

namespace CrModule.Completion;

/// <summary>
/// Looks into the file system for what a path may go on with. By itself, because PowerShell's own file completion needs
/// commands that a small host lacks.
/// </summary>
internal static class PathCompletion
{
    private static readonly EnumerationOptions Listing = new()
    {
        IgnoreInaccessible = true,
        AttributesToSkip = 0,
        MatchCasing = MatchCasing.CaseSensitive,
    };

    /// <param name="word">What stands there so far.</param>
    /// <param name="takesWildcards">The parameter expands wildcards: those in names are escaped.</param>
    /// <param name="preferred">Where a file is of this kind, other files are not offered; null for none.</param>
    public static List<CompletionResult> Complete(string word, bool takesWildcards, Predicate<FileSystemInfo>? preferred)
    {
        word = word.Trim('\'', '"');
        var cut = word.LastIndexOf('/') + 1;
        var entries = Matches(Directory(word[..cut]), word[cut..]);
        if (preferred is not null && entries.Exists(preferred))
            entries.RemoveAll(e => e is FileInfo && !preferred(e));
        return entries.ConvertAll(e => Result(word[..cut], e, takesWildcards));
    }

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
