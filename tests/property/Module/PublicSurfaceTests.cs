using System.Management.Automation;
using System.Reflection;
using System.Text;
using CrModule.Commands;
using Xunit;

namespace CrProperty.Module;

/// <summary>The commands and objects that scripts rely on, compared with the list that was approved.</summary>
public class PublicSurfaceTests
{
    private static readonly string[] Common =
        [.. Cmdlet.CommonParameters, .. Cmdlet.OptionalCommonParameters];

    [Fact]
    public void The_public_surface_is_the_approved_one()
    {
        var actual = Surface();
        var output = Path.Combine(AppContext.BaseDirectory, "PublicSurface.actual.txt");
        File.WriteAllText(output, actual);
        var approved = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Module", "PublicSurface.txt"));
        Assert.True(approved == actual, $"The public surface has changed. If that is meant, copy {output} over tests/property/Module/PublicSurface.txt.");
    }

    [Fact]
    public void Every_verb_is_approved_and_every_noun_singular()
    {
        string[] approved = [.. VerbNames(typeof(VerbsCommon)), .. VerbNames(typeof(VerbsCommunications)), .. VerbNames(typeof(VerbsData)), .. VerbNames(typeof(VerbsDiagnostic)), .. VerbNames(typeof(VerbsLifecycle)), .. VerbNames(typeof(VerbsSecurity))];
        using var session = new ModuleSession();
        foreach (var command in Commands(session))
        {
            Assert.Contains(command.Verb, approved);
            Assert.False(command.Noun.EndsWith('s'), command.Noun);
        }
    }

    [Fact]
    public void The_manifest_exports_every_command_of_the_assembly()
    {
        using var session = new ModuleSession();
        var written = typeof(CheckpointProcessTreeCommand).Assembly.GetExportedTypes()
            .Select(t => t.GetCustomAttribute<CmdletAttribute>()).OfType<CmdletAttribute>().Select(a => $"{a.VerbName}-{a.NounName}");
        Assert.Equal(written.Order(StringComparer.Ordinal), Commands(session).Select(c => c.Name));
    }

    private static IEnumerable<string> VerbNames(Type verbs) => verbs.GetFields().Select(f => (string)f.GetRawConstantValue()!);

    private static IEnumerable<CmdletInfo> Commands(ModuleSession session)
        => session.Run("Get-Command -Module CrModule").Output.Select(o => (CmdletInfo)o.BaseObject).OrderBy(c => c.Name, StringComparer.Ordinal);

    private static string Surface()
    {
        using var session = new ModuleSession();
        var text = new StringBuilder();
        foreach (var command in Commands(session))
            Describe(text, command);
        foreach (var type in typeof(CheckpointProcessTreeCommand).Assembly.GetExportedTypes().Where(t => t.Namespace == "CrModule").OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            text.Append('\n').AppendLine(type.FullName);
            foreach (var property in type.GetProperties().OrderBy(p => p.Name, StringComparer.Ordinal))
                text.AppendLine($"  {property.Name}: {NameOf(property.PropertyType)}");
        }
        return text.ToString().TrimStart('\n');
    }

    private static void Describe(StringBuilder text, CmdletInfo command)
    {
        var attribute = command.ImplementingType.GetCustomAttribute<CmdletAttribute>()!;
        text.Append('\n').AppendLine(command.Name);
        text.AppendLine($"  should process: {attribute.SupportsShouldProcess}, impact {attribute.ConfirmImpact}; default set {attribute.DefaultParameterSetName}");
        text.AppendLine($"  output: {string.Join(", ", command.OutputType.Select(o => o.Name).Order(StringComparer.Ordinal))}");
        foreach (var set in command.ParameterSets.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            text.AppendLine($"  [{set.Name}]");
            foreach (var p in set.Parameters.Where(p => !Common.Contains(p.Name)).OrderBy(p => p.Name, StringComparer.Ordinal))
                text.AppendLine($"    -{p.Name} <{NameOf(p.ParameterType)}>{Traits(p)}");
        }
    }

    private static string Traits(CommandParameterInfo p)
    {
        var traits = new List<string>();
        if (p.Aliases.Count > 0)
            traits.Add("alias " + string.Join(", ", p.Aliases.Order(StringComparer.Ordinal)));
        if (p.IsMandatory)
            traits.Add("mandatory");
        if (p.Position >= 0)
            traits.Add($"position {p.Position}");
        if (p.ValueFromPipeline)
            traits.Add("pipeline by value");
        if (p.ValueFromPipelineByPropertyName)
            traits.Add("pipeline by name");
        return traits.Count == 0 ? "" : " " + string.Join("; ", traits);
    }

    private static string NameOf(Type type)
        => type.IsGenericType
            ? $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : type.IsArray ? NameOf(type.GetElementType()!) + "[]" : type.Name;
}
