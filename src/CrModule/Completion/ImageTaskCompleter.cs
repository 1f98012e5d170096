using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using CrCore;
using CrCore.Image;
using CrCore.Protection;

namespace CrModule.Completion;

/// <summary>Completes the tasks of the image that the command line names: their ids, each with its name, or their names.</summary>
public sealed class ImageTaskCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var results = new List<CompletionResult>();
        if ((fakeBoundParameters["LiteralPath"] ?? fakeBoundParameters["Path"]) is not { } given || PathOf(given) is not { } path)
            return results;
        foreach (var task in TasksOf(path, KeyFileOf(fakeBoundParameters)))
        {
            var number = task.VPid.ToString(CultureInfo.InvariantCulture);
            var text = parameterName.Equals("Comm", StringComparison.OrdinalIgnoreCase) ? task.Comm : number;
            if (!number.StartsWith(wordToComplete, StringComparison.Ordinal) && !task.Comm.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase))
                continue;
            if (results.Exists(r => r.CompletionText == text))
                continue;
            results.Add(new CompletionResult(text, $"{number} ({task.Comm})", CompletionResultType.ParameterValue, task.ToString()));
        }
        return results;
    }

    private static string? PathOf(object given)
    {
        var text = given is object[] { Length: > 0 } several ? several[0].ToString() : given.ToString();
        return string.IsNullOrEmpty(text) ? null : WildcardPattern.Unescape(PathCompletion.Absolute(text));
    }

    /// <summary>A passphrase is not known here: what the line computes has not been run yet.</summary>
    private static string? KeyFileOf(IDictionary parameters)
        => parameters["KeyFile"]?.ToString() is { Length: > 0 } given ? PathCompletion.Absolute(given) : null;

    private static IReadOnlyList<TaskImage> TasksOf(string path, string? keyFile)
    {
        try
        {
            // A pipe is refused at once: Tab must not wait for its writer, nor take what comes from it.
            using var key = keyFile is null ? null : ImageKey.OfFile(keyFile);
            using var image = ImageFile.Open(path, key: key);
            return image.Model.Tasks;
        }
        catch (CrException)
        {
            return []; // the command itself will say what is wrong with the image
        }
    }
}
