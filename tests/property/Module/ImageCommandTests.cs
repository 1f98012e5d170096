using System.Management.Automation;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>Get-CrImageHeader and Get-CrImageTask over an image made for the purpose.</summary>
public sealed class ImageCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly string _image;

    public ImageCommandTests()
    {
        _image = _folder.File("sample [1].cr");
        SampleImage.Write(_image);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_header_tells_what_the_image_says_of_itself()
    {
        var header = _session.Run("Get-CrImageHeader -LiteralPath $args[0]", _image).Single<CrImageHeader>();
        Assert.Equal(_image, header.Path);
        Assert.Equal(new FileInfo(_image).Length, header.Length);
        Assert.Equal(4, header.Revision);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_500), header.Created);
        Assert.Equal(("6.18.1-test", "#1 SMP", "x86_64", "here", "test"), (header.KernelRelease, header.KernelVersion, header.Machine, header.NodeName, header.Writer));
        Assert.Equal(["pipes", "threads"], header.Features);
        Assert.Equal((10, "root", 5, 4), (header.RootVPid, header.Comm, header.TaskCount, header.ThreadCount));
    }

    [Fact]
    public void Tasks_come_parents_first_with_state_and_end()
    {
        var outcome = _session.Run("Get-CrImageTask -LiteralPath $args[0]", _image);
        Assert.Empty(outcome.Errors);
        var tasks = outcome.Output.Select(o => (CrImageTask)o.BaseObject).ToList();
        Assert.Equal([10, 11, 12, 13, 14], tasks.Select(t => t.VPid));
        Assert.Equal([0, 10, 11, 11, 10], tasks.Select(t => t.ParentVPid));
        Assert.Equal(["root", "left", "done", "halted", "right"], tasks.Select(t => t.Comm));
        Assert.Equal([CrTaskState.Sleeping, CrTaskState.Running, CrTaskState.Zombie, CrTaskState.Stopped, CrTaskState.Zombie], tasks.Select(t => t.State));
        Assert.Equal([null, null, 3, null, null], tasks.Select(t => t.ExitStatus));
        Assert.Equal([null, null, null, null, "SIGSEGV"], tasks.Select(t => t.ExitSignal));
        Assert.Equal([false, false, false, false, true], tasks.Select(t => t.CoreDumped));
        Assert.Equal([null, null, null, "SIGTSTP", null], tasks.Select(t => t.StopSignal));
        Assert.Equal([2, 2, 0, 0, 0], tasks.Select(t => t.ChildrenCount));
        Assert.Equal([2, 1, 0, 1, 0], tasks.Select(t => t.ThreadCount));
        Assert.Equal([0, 1, 2, 2, 1], tasks.Select(t => t.Depth));
    }

    [Theory]
    [InlineData("Get-CrImageHeader")]
    [InlineData("Get-CrImageTask")]
    public void Images_come_by_every_way_a_path_can_come(string command)
    {
        var expected = _session.Run($"{command} -LiteralPath $args[0]", _image).Output.Count;
        foreach (var way in (string[])[
            "{0} -Path ([WildcardPattern]::Escape($args[0]))",
            "{0} -Path ($args[1] + '/s*.cr')",
            "[WildcardPattern]::Escape($args[0]) | {0}",
            "[IO.FileInfo]$args[0] | {0}",
            "Get-CrImageHeader -LiteralPath $args[0] | {0}",
            "Get-CrImageTask -LiteralPath $args[0] | Where-Object Depth -eq 0 | ForEach-Object {{ [pscustomobject]@{{ PSPath = $_.PSPath }} }} | {0}",
            "[pscustomobject]@{{ PSPath = $args[0] }} | {0}",
            "[pscustomobject]@{{ Path = ($args[1] + '/s*.cr') }} | {0}",
        ])
        {
            var outcome = _session.Run(string.Format(System.Globalization.CultureInfo.InvariantCulture, way, command), _image, _folder.Path);
            Assert.Empty(outcome.Errors);
            Assert.Equal(expected, outcome.Output.Count);
        }
    }

    [Fact]
    public void One_bad_image_does_not_keep_the_others_from_being_read()
    {
        File.WriteAllText(_folder.File("broken.cr"), "this is no image, whatever its name says");
        var outcome = _session.Run("Get-CrImageHeader -Path ($args[0] + '/*.cr')", _folder.Path);
        Assert.Single(outcome.Output);
        Assert.Equal(ErrorCategory.InvalidData, outcome.Category);
        Assert.StartsWith("CrImage", outcome.ErrorId, StringComparison.Ordinal);
        Assert.Equal(_folder.File("broken.cr"), outcome.Errors[0].TargetObject);
    }

    [Theory]
    [InlineData("Get-CrImageHeader")]
    [InlineData("Get-CrImageTask")]
    public void A_damaged_image_is_an_error_of_its_category_and_no_output(string command)
    {
        var bytes = File.ReadAllBytes(_image);
        bytes[300] ^= 1;
        File.WriteAllBytes(_image, bytes);
        var outcome = _session.Run($"{command} -LiteralPath $args[0]", _image);
        Assert.Empty(outcome.Output);
        Assert.Equal(ErrorCategory.InvalidData, outcome.Category);
        Assert.NotNull(outcome.Errors[0].ErrorDetails?.RecommendedAction);
    }

    /// <summary>A device that cannot be read, one that never ends, and what is no file at all.</summary>
    [Theory]
    [InlineData("Get-CrImageMapping", "/proc/self/mem", "CrImageReadFailed")]
    [InlineData("Get-CrImageTask", "/proc/self/mem", "CrImageReadFailed")]
    [InlineData("Get-CrImageFile", "/dev/null", "CrImageNotAFile")]
    [InlineData("Restore-ProcessTree", "/proc/self/mem", "CrImageReadFailed")]
    [InlineData("Invoke-CrImageFuzz", "/proc/self/mem", "CrImageReadFailed")]
    [InlineData("Invoke-CrImageFuzz", "/dev/zero", "CrImageNotAFile")]
    [InlineData("Invoke-CrImageFuzz", "/nowhere/x.cr", "CrImageNotFound")]
    [InlineData("Invoke-CrImageFuzz", "/tmp", "CrImageNotAFile")]
    public void What_cannot_be_read_as_an_image_says_why(string command, string path, string id)
    {
        var outcome = _session.Run($"{command} -LiteralPath $args[0]", path);
        Assert.Equal(id, outcome.ErrorId);
        Assert.Equal(path, outcome.Errors[0].TargetObject);
        Assert.NotEmpty(outcome.Errors[0].ErrorDetails.RecommendedAction);
        Assert.Empty(outcome.Output);
    }

    [Fact]
    public void A_directory_is_no_image()
        => Assert.Equal("CrImageNotAFile", _session.Run("Get-CrImageHeader -LiteralPath $args[0]", _folder.Path).ErrorId);

    [Fact]
    public void The_table_shows_how_tasks_ended()
    {
        var lines = Lines("Get-CrImageTask -LiteralPath $args[0]");
        Assert.Equal(["VPid", "ParentVPid", "State", "Exit", "Children", "Threads", "Comm"], Words(lines[0]));
        Assert.Equal(["12", "11", "Zombie", "3", "0", "0", "done"], Words(lines[4]));
        Assert.Equal(["14", "10", "Zombie", "SIGSEGV", "(core)", "0", "0", "right"], Words(lines[6]));
    }

    [Fact]
    public void The_tree_view_draws_each_task_below_its_parent()
    {
        var lines = Lines("Get-CrImageTask -LiteralPath $args[0] -Tree");
        Assert.StartsWith("root ", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("├─ left ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("│  ├─ done ", lines[4], StringComparison.Ordinal);
        Assert.StartsWith("│  └─ halted ", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("└─ right ", lines[6], StringComparison.Ordinal);
    }

    [Fact]
    public void The_header_shows_as_a_list()
    {
        var lines = Lines("Get-CrImageHeader -LiteralPath $args[0]");
        Assert.Contains(lines, l => Words(l) is ["KernelRelease", ":", "6.18.1-test"]);
        Assert.Contains(lines, l => Words(l) is ["TaskCount", ":", "5"]);
    }

    private List<string> Lines(string script)
        => [.. _session.Show(script, _image).Split('\n').Where(l => l.Trim().Length > 0)];

    private static string[] Words(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
