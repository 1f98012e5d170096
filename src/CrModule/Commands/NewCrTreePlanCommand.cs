using System.Management.Automation;
using System.Text.Json;
using CrCore;
using CrHarness.Plans;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Makes plans of process trees: random ones from a seed, or one that is described.</summary>
[Cmdlet(VerbsCommon.New, "CrTreePlan", DefaultParameterSetName = RandomSet)]
[OutputType(typeof(CrTreePlan))]
public sealed class NewCrTreePlanCommand : TreePlanCommand
{
    private const string JsonSet = "Json", FileSet = "LiteralPath", DefinitionSet = "Definition";

    /// <summary>A plan as JSON.</summary>
    [Parameter(Mandatory = true, ParameterSetName = JsonSet)]
    [ValidateNotNullOrEmpty]
    public string Json { get; set; } = "";

    /// <summary>A file with a plan as JSON.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>A plan as a table of its members.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = DefinitionSet)]
    [ValidateNotNull]
    public System.Collections.IDictionary Definition { get; set; } = new System.Collections.Hashtable();

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case JsonSet:
                Write(Json, "the text");
                break;
            case DefinitionSet:
                if (TryHere(null, () => PlanTable.ToJson(Definition), out var json))
                    Write(json, "the table");
                break;
            case FileSet:
                foreach (var path in LiteralPath)
                    if (TryHere(path, () => ReadFile(FileSystemPath.Unresolved(this, path)), out var text))
                        Write(text, path);
                break;
            default:
                var seed = FirstSeed;
                for (var i = 0; i < Count && !Stopping; i++)
                    WriteObject(new CrTreePlan(Generator.Generate(seed + (ulong)i), seed + (ulong)i));
                break;
        }
    }

    private void Write(string json, string from)
    {
        if (TryHere(from, () => Read(json, from), out var plan))
            WriteObject(plan);
    }

    private static CrTreePlan Read(string json, string from)
    {
        try
        {
            return new CrTreePlan(PlanJson.Read(json));
        }
        catch (JsonException e)
        {
            throw new CrArgumentException("CrPlanInvalid", $"There is no plan in {from}: {e.Message}", "(New-CrTreePlan -Seed 1).ToJson() shows what a plan looks like.") { Object = from };
        }
    }

    private static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CrArgumentException("CrPlanUnreadable", $"The plan '{path}' cannot be read: {e.Message}", "Give the path of a file with a plan as JSON.", e is FileNotFoundException ? CrErrorKind.NotFound : CrErrorKind.PermissionDenied) { Object = path };
        }
    }
}
