using System.Diagnostics;
using System.Management.Automation;
using System.Reflection;
using CrModule.Commands;
using CrModule.Completion;
using CrModule.Pipeline;
using Xunit;

namespace CrProperty.Module;

/// <summary>What every command of the module owes its users, read from the commands themselves: a new one is held to it, too.</summary>
public class HouseRuleTests
{
    /// <summary>Commands with these verbs look and do not touch.</summary>
    private static readonly string[] Looking = ["Get", "Read", "Search", "Measure", "Compare", "Test"];

    /// <summary>They sound as if they only looked, or the other way about.</summary>
    private static readonly string[] ChangingAllTheSame = ["Test-CrRoundTrip"], LookingAllTheSame = ["New-CrTreePlan"];

    /// <summary>These make and end made-up things alone, whose loss nobody minds.</summary>
    private static readonly string[] Harmless = ["Start-CrTree", "Stop-CrTree", "New-CrRandomImage", "Invoke-CrImageFuzz"];

    /// <summary>Parameters that name what is to be made are no input.</summary>
    private static readonly string[] MakingPath = ["Checkpoint-ProcessTree", "New-CrRandomImage"];

    public static TheoryData<string> Names => [.. Commands.Keys.Order(StringComparer.Ordinal)];

    internal static Dictionary<string, Type> Commands { get; } = typeof(CheckpointProcessTreeCommand).Assembly.GetExportedTypes()
        .Where(t => t.GetCustomAttribute<CmdletAttribute>() is not null)
        .ToDictionary(t => t.GetCustomAttribute<CmdletAttribute>() is { } a ? $"{a.VerbName}-{a.NounName}" : "");

    internal static bool Changes(string command)
        => ChangingAllTheSame.Contains(command) || (!LookingAllTheSame.Contains(command) && !Looking.Contains(command[..command.IndexOf('-', StringComparison.Ordinal)]));

    [Theory]
    [MemberData(nameof(Names))]
    public void What_changes_something_asks_and_what_looks_does_not(string command)
    {
        var attribute = Commands[command].GetCustomAttribute<CmdletAttribute>()!;
        Assert.Equal(Changes(command), attribute.SupportsShouldProcess);
        if (Changes(command))
            Assert.Equal(Harmless.Contains(command) ? ConfirmImpact.Low : ConfirmImpact.Medium, attribute.ConfirmImpact);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Output_is_declared(string command)
    {
        var types = Commands[command].GetCustomAttributes<OutputTypeAttribute>().SelectMany(a => a.Type).Select(t => t.Type).ToArray();
        Assert.DoesNotContain(typeof(object), types);
        Assert.Equal(command == "Stop-CrTree", types.Length == 0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_and_paths_are_completed(string command)
        => Assert.All(Parameters(command), p =>
        {
            Type? expected = p.Name switch
            {
                "Id" => typeof(ProcessIdCompleter),
                "VPid" or "Comm" => typeof(ImageTaskCompleter),
                "KeyFile" or "PidFile" or "Destination" or "CgroupYard" => typeof(FilePathCompleter),
                _ when p.Name.EndsWith("Path", StringComparison.Ordinal) => TakesPlans(command) || p.Name == "CounterExamplePath" || (p.Name == "DestinationPath" && command.StartsWith("Export", StringComparison.Ordinal))
                    ? typeof(FilePathCompleter) : typeof(ImagePathCompleter),
                _ => null,
            };
            if (expected is not null)
                Assert.Equal((p.Name, expected), (p.Name, p.GetCustomAttribute<ArgumentCompleterAttribute>()?.Type));
        });

    [Theory]
    [MemberData(nameof(Names))]
    public void Paths_that_take_the_pipeline_take_wildcards_and_have_a_literal_twin(string command)
    {
        foreach (var path in Parameters(command).Where(p => p.Name is "Path" or "DifferencePath" && !MakingPath.Contains(command)))
        {
            Assert.NotNull(path.GetCustomAttribute<SupportsWildcardsAttribute>());
            var own = Assert.Single(path.GetCustomAttributes<ParameterAttribute>());
            Assert.True(own.ValueFromPipeline && own.ValueFromPipelineByPropertyName && own.Mandatory);
            var literal = Parameters(command).Single(p => p.Name == "LiteralPath");
            Assert.Null(literal.GetCustomAttribute<SupportsWildcardsAttribute>());
            Assert.Equal(["LP", "PSPath"], literal.GetCustomAttribute<AliasAttribute>()!.AliasNames.Order(StringComparer.Ordinal));
            var twin = Assert.Single(literal.GetCustomAttributes<ParameterAttribute>());
            Assert.True(twin.ValueFromPipelineByPropertyName && twin.Mandatory);
            Assert.NotEqual(own.ParameterSetName, twin.ParameterSetName);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_command_that_works_on_something_takes_it_from_the_pipeline(string command)
    {
        // They make something of nothing, or ask about the machine.
        if (command is "New-CrRandomImage" or "Test-CrHost")
            return;
        Assert.Contains(Parameters(command), p => p.GetCustomAttributes<ParameterAttribute>().Any(a => a.ValueFromPipeline));
        // By the names that objects of this module, files and processes have.
        Assert.All(Parameters(command).Where(p => p.Name is "Id" or "VPid" or "LiteralPath"), p => Assert.All(p.GetCustomAttributes<ParameterAttribute>(), a => Assert.True(a.ValueFromPipelineByPropertyName, p.Name)));
        Assert.All(Parameters(command).Where(p => p.Name == "Id"), p => Assert.Equal(["PID", "ProcessId"], p.GetCustomAttribute<AliasAttribute>()!.AliasNames));
    }

    /// <summary>PowerShell turns any object into text: a parameter of text has to look at what it gets.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Text_from_the_pipeline_is_looked_at(string command)
        => Assert.All(Parameters(command).Where(p => p.GetCustomAttributes<ParameterAttribute>().Any(a => a.ValueFromPipeline)), p =>
        {
            var type = p.PropertyType.IsArray ? p.PropertyType.GetElementType()! : p.PropertyType;
            Assert.NotEqual(typeof(object), type);
            if (type == typeof(string))
                Assert.NotNull(p.GetCustomAttribute<PathArgumentAttribute>());
        });

    /// <summary>The same, tried: with whatever else it needs, no command takes a thing of another kind for its input.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_of_another_kind_is_not_swallowed(string command)
    {
        if (!Parameters(command).Any(p => p.GetCustomAttributes<ParameterAttribute>().Any(a => a.ValueFromPipeline)))
            return;
        var mandatory = Parameters(command)
            .Where(p => p.GetCustomAttributes<ParameterAttribute>().Any(a => a is { Mandatory: true, ValueFromPipeline: false, ValueFromPipelineByPropertyName: false }) && p.Name is not ("LiteralPath" or "Id" or "Json" or "Definition"))
            .Select(p => $" -{p.Name} {(p.PropertyType == typeof(string) ? "/nowhere/at/all" : "1")}");
        var needed = command switch { "Read-CrImageMemory" => " -VPid 1 -Address 1", "Search-CrImageMemory" => " -Text x", _ => "" };
        var line = $"{command}{string.Concat(mandatory)}{needed}{(Changes(command) ? " -WhatIf" : "")}";
        using var session = new ModuleSession();
        foreach (var item in (string[])["5", "$true", "[datetime]::Now", "@{ A = 1 }", "[pscustomobject]@{ Name = 'x'; FilePath = '/nowhere' }", "[version]'1.2'", "(Get-Command Get-Help)"])
        {
            var outcome = session.Run($"{item} | {line}");
            Assert.Empty(outcome.Output);
            // It is the binder who refuses it, before the command has seen anything.
            Assert.Contains(outcome.ErrorId, (string[])["InputObjectNotBound", "InputObjectMissingMandatory", "AmbiguousParameterSet"]);
        }
    }

    /// <summary>Numbers that make no sense are refused before anything is looked at.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_and_amounts_have_a_range(string command)
        => Assert.All(Parameters(command).Where(p => p.Name is not ("Seed" or "Address")), p =>
        {
            var type = p.PropertyType.IsArray ? p.PropertyType.GetElementType()! : p.PropertyType;
            if (type == typeof(int) || type == typeof(long))
                Assert.True(p.GetCustomAttribute<ValidateRangeAttribute>() is not null, p.Name);
        });

    private static bool TakesPlans(string command) => command == "New-CrTreePlan";

    private static IEnumerable<PropertyInfo> Parameters(string command)
        => Commands[command].GetProperties().Where(p => p.GetCustomAttributes<ParameterAttribute>().Any());
}
