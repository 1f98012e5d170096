using System.Management.Automation;
using System.Reflection;

namespace CrHelp;

/// <summary>What the compiled command itself says, the part of its help that no page repeats.</summary>
internal sealed record CommandFacts(
    string Name, string Verb, string Noun, IReadOnlyList<ParameterFacts> Parameters, IReadOnlyList<(string Name, IReadOnlyList<ParameterFacts> Parameters)> Sets, bool ShouldProcess)
{
    public static CommandFacts Of(Type type)
    {
        var cmdlet = type.GetCustomAttribute<CmdletAttribute>()!;
        var parameters = new CommandMetadata(type).Parameters.Values
            .Where(p => !Cmdlet.CommonParameters.Contains(p.Name) && !Cmdlet.OptionalCommonParameters.Contains(p.Name))
            .ToList();
        var names = parameters.SelectMany(p => p.ParameterSets.Keys).Where(n => n != ParameterAttribute.AllParameterSets).Distinct().ToList();
        if (names.Count == 0)
            names.Add(ParameterAttribute.AllParameterSets);
        var sets = names
            .Select(n => (n, Order(parameters.Where(p => InSet(p, n)).Select(p => ParameterFacts.Of(p, n)))))
            // The set with a positional parameter is what people type: it comes first.
            .OrderBy(s => s.Item2.All(p => p.Position < 0)).ThenBy(s => s.n, StringComparer.Ordinal)
            .ToList();
        var all = Order(parameters.Select(p => ParameterFacts.Of(p, p.ParameterSets.Keys.First())));
        return new CommandFacts($"{cmdlet.VerbName}-{cmdlet.NounName}", cmdlet.VerbName, cmdlet.NounName, all, sets, cmdlet.SupportsShouldProcess);
    }

    private static bool InSet(ParameterMetadata parameter, string set)
        => parameter.ParameterSets.ContainsKey(set) || parameter.ParameterSets.ContainsKey(ParameterAttribute.AllParameterSets);

    private static IReadOnlyList<ParameterFacts> Order(IEnumerable<ParameterFacts> parameters)
        => [.. parameters.OrderBy(p => p.Position < 0).ThenBy(p => p.Position).ThenByDescending(p => p.Required).ThenBy(p => p.Name, StringComparer.Ordinal)];
}

/// <param name="Position">From 0; below 0 for a parameter that is named only.</param>
/// <param name="Values">The names of an enumeration, else empty.</param>
internal sealed record ParameterFacts(
    string Name, string Type, bool IsSwitch, bool Required, bool Wildcards, bool Several, int Position, string Pipeline, string Aliases, IReadOnlyList<string> Values)
{
    public static ParameterFacts Of(ParameterMetadata parameter, string set)
    {
        var inSet = parameter.ParameterSets.TryGetValue(set, out var own) ? own : parameter.ParameterSets[ParameterAttribute.AllParameterSets];
        var type = parameter.ParameterType;
        return new ParameterFacts(
            parameter.Name, type.IsArray ? type.GetElementType()!.Name + "[]" : type.Name, parameter.SwitchParameter, inSet.IsMandatory,
            parameter.Attributes.Any(a => a is SupportsWildcardsAttribute), type.IsArray, inSet.Position == int.MinValue ? -1 : inSet.Position,
            PipelineOf(inSet), parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases),
            type.IsEnum ? Enum.GetNames(type) : []);
    }

    /// <summary>A switch that every set of a command has.</summary>
    public static ParameterFacts Switch(string name) => new(name, "SwitchParameter", true, false, false, false, -1, "False", "none", []);

    private static string PipelineOf(ParameterSetMetadata set) => (set.ValueFromPipeline, set.ValueFromPipelineByPropertyName) switch
    {
        (true, true) => "True (ByPropertyName, ByValue)",
        (true, false) => "True (ByValue)",
        (false, true) => "True (ByPropertyName)",
        _ => "False",
    };
}
