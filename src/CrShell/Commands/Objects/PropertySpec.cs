using System.Collections;
using System.Management.Automation;
using Microsoft.PowerShell.Commands;

namespace CrShell.Commands.Objects;

/// <summary>
/// One element of a -Property list: a name (perhaps with wildcards), a script block, or a hashtable with Name and Expression
/// (about_Calculated_Properties), for sorting also Descending.
/// </summary>
internal sealed record PropertySpec(string Name, PSPropertyExpression Expression, bool? Descending)
{
    public static PropertySpec[] ParseAll(object[]? properties) => (properties ?? []).Select(Parse).ToArray();

    private static PropertySpec Parse(object property)
    {
        property = property is PSObject wrapped ? wrapped.BaseObject : property;
        if (property is not IDictionary table)
            return new PropertySpec(property.ToString() ?? "", Express(property), null);

        object? expression = null;
        string? name = null;
        bool? descending = null;
        foreach (DictionaryEntry entry in table)
        {
            var key = entry.Key.ToString()!.ToLowerInvariant();
            if (key.Length > 0 && ("name".StartsWith(key) || "label".StartsWith(key)))
                name = entry.Value?.ToString();
            else if (key.Length > 0 && "expression".StartsWith(key))
                expression = entry.Value;
            else if (key == "descending")
                descending = LanguagePrimitives.IsTrue(entry.Value);
            else if (key == "ascending")
                descending = !LanguagePrimitives.IsTrue(entry.Value);
            else
                throw new PSArgumentException($"A calculated property has no key '{entry.Key}'.");
        }
        if (expression is null)
            throw new PSArgumentException("A calculated property needs the key Expression.");
        return new PropertySpec(name ?? expression.ToString()!, Express(expression), descending);
    }

    private static PSPropertyExpression Express(object expression)
    {
        expression = expression is PSObject wrapped ? wrapped.BaseObject : expression;
        return expression is ScriptBlock block ? new PSPropertyExpression(block) : new PSPropertyExpression(expression.ToString());
    }

    /// <summary>The value, or null where the object has no such property or the expression fails.</summary>
    public object? ValueOf(PSObject item)
    {
        var results = Expression.GetValues(item);
        return results.Count > 0 && results[0].Exception is null ? results[0].Result : null;
    }
}
