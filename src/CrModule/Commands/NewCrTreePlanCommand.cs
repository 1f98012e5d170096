using System.Management.Automation;
using System.Text.Json;
using CrCore;
using CrCore.Kernel;
using CrHarness.Plans;
using CrModule.Completion;
using CrModule.Pipeline;

namespace CrModule.Commands;

/// <summary>Makes plans of process trees: random ones from a seed, or one that is described.</summary>
[Cmdlet(VerbsCommon.New, "CrTreePlan", DefaultParameterSetName = RandomSet)]
[OutputType(typeof(CrTreePlan))]
public sealed class NewCrTreePlanCommand : TreePlanCommand
{
    private const string JsonSet = "Json", PathSet = "Path", LiteralPathSet = "LiteralPath", DefinitionSet = "Definition";

    /// <summary>A plan as JSON.</summary>
    [Parameter(Mandatory = true, ParameterSetName = JsonSet)]
    [ValidateNotNullOrEmpty]
    public string Json { get; set; } = "";

    /// <summary>Files with a plan as JSON, wildcards allowed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [PathArgument]
    [ArgumentCompleter(typeof(FilePathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files with a plan as JSON, every character meant as it is.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(FilePathCompleter))]
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
            case PathSet:
                foreach (var path in Path)
                    if (TryHere(path, () => FileSystemPath.Resolved(this, path, NotFound), out var files))
                        foreach (var file in files)
                            WriteFile(file, file);
                break;
            case LiteralPathSet:
                foreach (var path in LiteralPath)
                    if (TryHere(path, () => FileSystemPath.Unresolved(this, path), out var file))
                        WriteFile(file, path);
                break;
            default:
                var seed = FirstSeed;
                for (var i = 0; i < Count && !Stopping; i++)
                    Write(new CrTreePlan(Generator.Generate(seed + (ulong)i), seed + (ulong)i));
                break;
        }
    }

    private void WriteFile(string file, string given)
    {
        if (TryHere(given, () => ReadFile(file), out var text))
            Write(text, given);
    }

    private void Write(string json, string from)
    {
        if (TryHere(from, () => Read(json, from), out var plan))
            Write(plan);
    }

    private void Write(CrTreePlan plan)
    {
        WriteVerbose($"A {plan}: {plan.ThreadCount} threads, {plan.ZombieCount} zombies; its root is {plan.Root}.");
        if (Wanted("Debug", "DebugPreference"))
            WriteDebug(plan.ToJson());
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

    private static CrArgumentException NotFound(string path)
        => new("CrPlanUnreadable", $"No plan is found at '{path}'.", "Give the path of a file with a plan as JSON.", CrErrorKind.NotFound) { Object = path };

    private static string ReadFile(string path)
    {
        // Whose writer may never come.
        if (FileStatus.Read(path, out var status) == Errno.None && status.IsFifo)
            throw new CrArgumentException("CrPlanUnreadable", $"The plan '{path}' cannot be read: it is a pipe.", "Give the path of a file with a plan as JSON, or its text as -Json.") { Object = path };
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
