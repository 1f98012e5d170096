using System.Text.Json;
using System.Text.Json.Serialization;

namespace CrHarness.Plans;

/// <summary>Plans as JSON: what a counter-example is kept in and what a user may write by hand. Absent members have their defaults.</summary>
public static class PlanJson
{
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly JsonSerializerOptions Indented = new(Options) { WriteIndented = true };

    /// <summary>A plan as JSON, which <see cref="Read"/> takes.</summary>
    public static string Write(TreePlan plan, bool indented = false) => JsonSerializer.Serialize(plan, indented ? Indented : Options);

    /// <exception cref="JsonException">The text is no plan: bad JSON, an unknown member or a value out of its type.</exception>
    public static TreePlan Read(string json)
        => JsonSerializer.Deserialize<TreePlan>(json, Options) ?? throw new JsonException("The text is null, not a plan.");
}
