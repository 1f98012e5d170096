using System.Management.Automation;
using System.Reflection;
using System.Text;
using CrModule;
using CrProperty.Kernel;
using CrProperty.Trees;
using Xunit;

namespace CrProperty.Module;

/// <summary>Each command, typed: what it says on its way, what it writes, what -WhatIf and a No leave alone, what an error says.</summary>
[Collection(LiveTrees.Name)]
public sealed class CommandLineTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly LiveProcess _process = LiveProcess.Sleep();
    private readonly List<CrLiveTree> _trees = [];

    public CommandLineTests()
    {
        RichImage.Write(_folder.File("first.cr"));
        RichImage.Write(_folder.File("second.cr"), new RichImage.Options { Filling = 2, WorkerUid = 0 });
        File.WriteAllBytes(_folder.File("key"), [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
    }

    public static TheoryData<string> Names => HouseRuleTests.Names;

    public static TheoryData<string> Changing => [.. CommandLine.All.Keys.Where(HouseRuleTests.Changes).Order(StringComparer.Ordinal)];

    public static TheoryData<string> Fallible => [.. CommandLine.All.Where(c => c.Value.Wrong is not null).Select(c => c.Key).Order(StringComparer.Ordinal)];

    [Fact]
    public void Every_command_has_a_line()
        => Assert.Equal(HouseRuleTests.Commands.Keys.Order(StringComparer.Ordinal), CommandLine.All.Keys.Order(StringComparer.Ordinal));

    [TheoryWith("python3")]
    [MemberData(nameof(Names))]
    public void It_tells_its_story_and_writes_what_it_declares(string command)
    {
        using var session = new ModuleSession();
        var it = Prepare(session, command);
        var outcome = Type(session, CommandLine.All[command].Line, it, "-Verbose -Debug");
        Assert.Empty(outcome.Errors);
        Assert.NotEmpty(outcome.Verbose);
        Assert.NotEmpty(outcome.Debug);
        Assert.All([.. outcome.Verbose, .. outcome.Debug], m => Assert.False(string.IsNullOrWhiteSpace(m)));
        var declared = HouseRuleTests.Commands[command].GetCustomAttributes<OutputTypeAttribute>().SelectMany(a => a.Type).Select(t => t.Type).ToArray();
        Assert.Equal(declared.Length > 0, outcome.Output.Count > 0);
        Assert.All(outcome.Output, o => Assert.Contains(o.BaseObject.GetType(), declared));
    }

    /// <summary>What docs/injection.md says of -Debug.</summary>
    [Fact]
    public void Debug_shows_the_calls_on_tasks_and_in_them()
    {
        using var session = new ModuleSession();
        var outcome = session.Run("Checkpoint-ProcessTree -Id $args[0] $args[1] -Debug", _process.Id, _folder.File("new.cr"));
        Assert.Empty(outcome.Errors);
        Assert.Contains(outcome.Debug, d => d.StartsWith($"PTRACE_SEIZE on {_process.Id}:", StringComparison.Ordinal) || d.StartsWith($"SEIZE on {_process.Id}:", StringComparison.Ordinal));
        Assert.Contains(outcome.Debug, d => d.Contains($") in {_process.Id}: ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Compare-CrImage $f/first.cr $f/*.cr")]
    [InlineData("'/nowhere/x.cr', \"$f/*.cr\" | Compare-CrImage $f/first.cr -ErrorAction Ignore")]
    [InlineData("Get-CrImageHeader $f/*.cr | Compare-CrImage $f/first.cr")]
    public void Images_to_compare_come_by_wildcards_and_by_the_pipeline(string script)
    {
        using var session = new ModuleSession();
        var outcome = session.Run("$f = $args[0]; " + script, _folder.Path);
        Assert.Empty(outcome.Errors);
        Assert.Equal([_folder.File("second.cr")], outcome.Output.Select(o => ((CrImageDifference)o.BaseObject).DifferencePath).Distinct());
    }

    [TheoryWith("python3")]
    [MemberData(nameof(Changing))]
    public void WhatIf_changes_nothing(string command)
    {
        using var session = new ModuleSession();
        var it = Prepare(session, command);
        var before = State(it);
        var outcome = Type(session, CommandLine.All[command].Line, it, "-WhatIf");
        Assert.Empty(outcome.Errors);
        Assert.All(outcome.Output, o => Assert.EndsWith("Preview", o.BaseObject.GetType().Name, StringComparison.Ordinal));
        Assert.Contains("What if:", session.Host.Text, StringComparison.Ordinal);
        Assert.Equal(before, State(it));
    }

    [TheoryWith("python3")]
    [MemberData(nameof(Changing))]
    public void A_No_changes_nothing(string command)
    {
        using var session = new ModuleSession(answer: "No");
        var it = Prepare(session, command);
        var before = State(it);
        var outcome = Type(session, CommandLine.All[command].Line, it, "-Confirm");
        Assert.Empty(outcome.Errors);
        Assert.Empty(outcome.Output);
        Assert.Equal(1, session.Host.Questions);
        Assert.Equal(before, State(it));
    }

    [Theory]
    [MemberData(nameof(Fallible))]
    public void An_error_has_an_id_and_says_what_to_do(string command)
    {
        using var session = new ModuleSession();
        var before = State(null);
        var outcome = Type(session, CommandLine.All[command].Wrong!, null, "");
        Assert.Empty(outcome.Output);
        var error = Assert.Single(outcome.Errors);
        Assert.StartsWith("Cr", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.EndsWith("," + HouseRuleTests.Commands[command].FullName, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEqual(ErrorCategory.NotSpecified, error.CategoryInfo.Category);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.Equal(before, State(null));
    }

    public void Dispose()
    {
        _trees.ForEach(t => t.Dispose());
        _process.Dispose();
        _folder.Dispose();
    }

    /// <summary>Runs what has to be there first; its only output, if any, is the line's $it.</summary>
    private object? Prepare(ModuleSession session, string command)
    {
        if (CommandLine.All[command].Before is not { Length: > 0 } before)
            return null;
        var outcome = session.Run($"$f, $id = $args; {before}", _folder.Path, _process.Id);
        Assert.Empty(outcome.Errors);
        if (before.Contains("-Stop", StringComparison.Ordinal))
        {
            _process.AwaitEnd();
            _process.Forget();
        }
        return Keep(outcome).SingleOrDefault();
    }

    private Outcome Type(ModuleSession session, string line, object? it, string more)
    {
        var outcome = session.Run($"$f, $id, $it = $args; {line} {more}", _folder.Path, _process.Id, it);
        Keep(outcome);
        return outcome;
    }

    /// <summary>Notes what has come to life, to be ended with the test.</summary>
    private List<object> Keep(Outcome outcome)
    {
        foreach (var item in outcome.Output)
            switch (item.BaseObject)
            {
                case CrLiveTree tree:
                    _trees.Add(tree);
                    break;
                case CrRestoredTree restored:
                    _process.EndAlso(restored.Id);
                    break;
                case CrRoundTrip:
                    _process.EndAlso(_process.Id);
                    _process.Forget();
                    break;
            }
        return [.. outcome.Output.Select(o => o.BaseObject)];
    }

    /// <summary>The files there are, and how the processes are.</summary>
    private string State(object? it)
    {
        var text = new StringBuilder();
        foreach (var file in new DirectoryInfo(_folder.Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal))
            text.AppendLine($"{file.FullName} {(file as FileInfo)?.Length} {file.LastWriteTimeUtc:O}");
        foreach (var pid in (int[])[_process.Id, .. it is CrLiveTree tree ? (int[])[tree.Id] : []])
            text.AppendLine($"{pid} {StateOf(pid)}");
        return text.ToString();
    }

    /// <summary>State and start of a process, or that it has gone.</summary>
    private static string StateOf(int pid)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{pid}/stat").Split(' ');
            return fields[2] is "Z" or "X" ? "gone" : $"{(fields[2] == "T" ? "stopped" : "runs")} since {fields[21]}";
        }
        catch (IOException)
        {
            return "gone";
        }
    }
}
