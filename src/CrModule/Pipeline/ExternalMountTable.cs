using System.Collections;
using System.Management.Automation;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>What -ExternalMount says: mount points and their keys at the checkpoint, keys and paths at the restore.</summary>
/// <param name="Entries">In the order in which they were given.</param>
/// <param name="Others">All others, too ('*').</param>
public sealed record ExternalMountTable(IReadOnlyList<KeyValuePair<string, string>> Entries, bool Others)
{
    /// <summary>Nothing is said.</summary>
    public static ExternalMountTable None { get; } = new([], false);

    /// <summary>As the checkpoint takes it.</summary>
    internal ExternalMounts Keys => new(ToDictionary(static (point, key) => (point.Length > 1 ? point.TrimEnd('/') : point, key)), Others);

    /// <summary>As the restore takes it. On the pipeline's thread: paths are the session's to resolve.</summary>
    internal GivenMounts Paths(PSCmdlet cmdlet) => new(ToDictionary((key, path) => (key, FileSystemPath.Unresolved(cmdlet, path))), Others);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Entries.Select(e => $"{e.Key}: {e.Value}").Concat(Others ? [ExternalMountArgumentAttribute.All] : []));

    private Dictionary<string, string> ToDictionary(Func<string, string, (string, string)> entry)
    {
        var table = new Dictionary<string, string>();
        foreach (var (left, right) in Entries)
        {
            var (key, value) = entry(left, right);
            table[key] = value;
        }
        return table;
    }
}

/// <summary>
/// Takes a table such as <c>@{ '/data' = 'DATA' }</c>, the same as text (<c>mnt[/data]:DATA</c>), <c>*</c> or <c>mnt[]</c> for all others, or
/// an array of these.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ExternalMountArgumentAttribute : ArgumentTransformationAttribute
{
    internal const string All = "*";
    private const string Before = "mnt[", After = "]";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var entries = new List<KeyValuePair<string, string>>();
        var others = false;
        Add(inputData, entries, ref others);
        return new ExternalMountTable(entries, others);
    }

    private static void Add(object? given, List<KeyValuePair<string, string>> entries, ref bool others)
    {
        switch (given is PSObject wrapped ? wrapped.BaseObject : given)
        {
            case ExternalMountTable already:
                entries.AddRange(already.Entries);
                others |= already.Others;
                break;
            case IDictionary table:
                foreach (DictionaryEntry entry in table)
                    entries.Add(new(Text(entry.Key), Text(entry.Value)));
                break;
            case string text:
                AddText(text, entries, ref others);
                break;
            case IEnumerable several:
                foreach (var one in several)
                    Add(one, entries, ref others);
                break;
            case var other:
                throw Bad(other);
        }
    }

    /// <summary>What follows the colon of "mnt[]" says how mounts pass on to each other, which is kept where it can be in any case.</summary>
    private static void AddText(string text, List<KeyValuePair<string, string>> entries, ref bool others)
    {
        var end = text.IndexOf(After, StringComparison.Ordinal);
        if (text == All || text == Before + After || text.StartsWith(Before + After + ":", StringComparison.Ordinal))
            others = true;
        else if (text.StartsWith(Before, StringComparison.Ordinal) && end > Before.Length && end + 2 < text.Length && text[end + 1] == ':')
            entries.Add(new(text[Before.Length..end], text[(end + 2)..]));
        else
            throw Bad(text);
    }

    private static string Text(object? value)
        => (value is PSObject wrapped ? wrapped.BaseObject : value)?.ToString() is { Length: > 0 } text ? text : throw Bad(value);

    private static ArgumentTransformationMetadataException Bad(object? value)
        => new($"'{value}' names no mount from outside: give a table such as @{{ '/data' = 'DATA' }}, text such as 'mnt[/data]:DATA', or '{All}'.");
}
