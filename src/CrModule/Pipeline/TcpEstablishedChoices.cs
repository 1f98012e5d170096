using System.Collections;
using System.Management.Automation;
using CrCore;

namespace CrModule.Pipeline;

/// <summary>What -TcpEstablished says: a policy for all connections, and others for some.</summary>
/// <param name="Policy">What becomes of connections that no pattern fits.</param>
/// <param name="Choices">The longest pattern first: the more exact one counts.</param>
public sealed record TcpEstablishedChoices(TcpEstablishedPolicy Policy, IReadOnlyList<TcpEstablishedChoice> Choices)
{
    /// <inheritdoc/>
    public override string ToString() => Choices.Count == 0 ? Policy.ToString() : $"{Policy}, {string.Join(", ", Choices.Select(c => $"{c.Pattern}: {c.Policy}"))}";
}

/// <summary>Takes a policy or its name, or a table such as <c>@{ '10.0.0.*:5432' = 'Reset'; '*' = 'Restore' }</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TcpEstablishedArgumentAttribute : ArgumentTransformationAttribute
{
    private const string All = "*";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var data = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (data is TcpEstablishedChoices already)
            return already;
        var policy = new RestoreOptions().TcpEstablished;
        if (data is not IDictionary table)
            return new TcpEstablishedChoices(PolicyOf(data), []);
        var choices = new List<TcpEstablishedChoice>();
        foreach (DictionaryEntry entry in table)
        {
            var pattern = entry.Key.ToString() ?? "";
            if (pattern == All)
                policy = PolicyOf(entry.Value);
            else
                choices.Add(new(pattern, PolicyOf(entry.Value)));
        }
        choices.Sort((a, b) => b.Pattern.Length.CompareTo(a.Pattern.Length));
        return new TcpEstablishedChoices(policy, choices);
    }

    private static TcpEstablishedPolicy PolicyOf(object? value)
        => LanguagePrimitives.TryConvertTo<TcpEstablishedPolicy>(value, out var policy) && Enum.IsDefined(policy) ? policy
            : throw new ArgumentTransformationMetadataException($"'{value}' is none of the policies {string.Join(", ", Enum.GetNames<TcpEstablishedPolicy>())}.");
}
