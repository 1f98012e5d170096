using System.Reflection;
using System.Xml.Linq;
using CrCore;
using CrFuzz;
using CrHarness.Plans;
using CrModule.Commands;
using Xunit;

namespace CrProperty.Module;

/// <summary>
/// What the compiler does not ask for (CS1591): that the parameters of records, which are their properties, say what they are.
/// </summary>
public class DocumentationTests
{
    /// <summary>src/CrCore/.editorconfig says why.</summary>
    private static readonly string[] Exempt = ["CrCore.Kernel", "CrCore.Objects"];

    public static TheoryData<string> Libraries => [.. Assemblies.Select(a => a.GetName().Name!)];

    private static Assembly[] Assemblies => [typeof(CrException).Assembly, typeof(TreePlan).Assembly, typeof(FuzzResult).Assembly, typeof(CheckpointProcessTreeCommand).Assembly];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Every_public_property_and_value_says_what_it_is(string library)
    {
        var assembly = Assemblies.Single(a => a.GetName().Name == library);
        var texts = XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")
            .Where(m => m.Element("summary") is { } s ? s.Value.Trim().Length > 0 || s.HasElements : m.Element("inheritdoc") is not null)
            .ToDictionary(m => m.Attribute("name")!.Value);
        Assert.NotEmpty(texts);
        Assert.Empty(assembly.GetExportedTypes().Where(t => (t.IsEnum && t.Namespace != "CrCore.Kernel") || !Exempt.Any(e => t.Namespace!.StartsWith(e, StringComparison.Ordinal))).SelectMany(t => Silent(t, texts)));
    }

    private static IEnumerable<string> Silent(Type type, Dictionary<string, XElement> texts)
    {
        var name = type.FullName!.Replace('+', '.');
        texts.TryGetValue($"T:{name}", out var own);
        if (own is null)
            yield return name;
        foreach (var value in type.IsEnum ? type.GetFields(BindingFlags.Public | BindingFlags.Static) : [])
            if (!texts.ContainsKey($"F:{name}.{value.Name}"))
                yield return $"{name}.{value.Name}";
        var implemented = type.IsInterface ? [] : type.GetInterfaces().SelectMany(i => type.GetInterfaceMap(i).TargetMethods).ToHashSet();
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
        {
            // What another type has declared says it there.
            var get = property.GetMethod ?? property.SetMethod!;
            if (implemented.Contains(get) || get.GetBaseDefinition() != get)
                continue;
            var asParameter = own?.Elements("param").Any(p => p.Attribute("name")!.Value == property.Name && p.Value.Trim().Length > 0) == true;
            if (!asParameter && !texts.ContainsKey($"P:{name}.{property.Name}"))
                yield return $"{name}.{property.Name}";
        }
    }
}
