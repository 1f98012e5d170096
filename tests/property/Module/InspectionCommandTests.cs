using System.Management.Automation;
using System.Text;
using CrCore.Inspection;
using CrCore.Objects.Files;
using CrModule;
using Xunit;

namespace CrProperty.Module;

/// <summary>The commands that look into images, over images made for the purpose.</summary>
public sealed class InspectionCommandTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly ModuleSession _session = new();
    private readonly string _image;

    public InspectionCommandTests()
    {
        _image = _folder.File("rich.cr");
        RichImage.Write(_image);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private List<T> Get<T>(string script, params object?[] more)
    {
        var outcome = _session.Run(script, [_image, .. more]);
        Assert.Empty(outcome.Errors);
        return [.. outcome.Output.Select(o => Assert.IsType<T>(o.BaseObject))];
    }

    [Fact]
    public void Records_come_in_order_with_their_owner()
    {
        var records = Get<CrImageRecord>("Get-CrImageRecord $args[0]");
        Assert.Equal("HEAD", records[0].Name);
        Assert.Equal(0, records[0].Offset);
        Assert.Equal("SEAL", records[^1].Name);
        for (var i = 1; i < records.Count; i++)
            Assert.Equal(records[i - 1].Offset + records[i - 1].Length, records[i].Offset);
        Assert.Null(records.Single(r => r.Name == "TREE").VPid);
        Assert.Equal([20, 21], records.Where(r => r.Name == "FILES").Select(r => r.VPid));
        Assert.Equal([20, 21], records.Where(r => r.Name == "CREDENTIALS").Select(r => r.VTid));
    }

    [Fact]
    public void Pages_are_listed_on_request_and_the_records_then_cover_the_whole_image()
    {
        Assert.DoesNotContain(Get<CrImageRecord>("Get-CrImageRecord $args[0]"), r => r.Name == "PGARR");
        var records = Get<CrImageRecord>("Get-CrImageRecord $args[0] -IncludePage");
        Assert.Equal(3, records.Count(r => r.Name == "PGARR"));
        Assert.Equal(new FileInfo(_image).Length, records.Sum(r => r.Length));
    }

    [Fact]
    public void Raw_bytes_are_those_of_the_file()
    {
        var file = File.ReadAllBytes(_image);
        foreach (var record in Get<CrImageRecord>("Get-CrImageRecord $args[0] -Raw -IncludePage"))
            Assert.True(file.AsSpan((int)record.Offset, record.Raw!.Length).SequenceEqual(record.Raw));
        Assert.Null(Get<CrImageRecord>("Get-CrImageRecord $args[0] -Name HEAD")[0].Raw);
    }

    [Fact]
    public void Records_are_chosen_by_name_and_task()
    {
        Assert.Equal(["VMA", "VMA"], Get<CrImageRecord>("Get-CrImageRecord $args[0] -Name vm* -VPid 21").Select(r => r.Name));
        Assert.Equal(["MM"], Get<CrImageRecord>("Get-CrImageTask $args[0] -Comm worker | Get-CrImageRecord -Name MM").Select(r => r.Name));
    }

    [Fact]
    public void Mappings_tell_what_they_are()
    {
        var mappings = Get<CrImageMapping>("Get-CrImageMapping $args[0]");
        Assert.Equal(["[heap]", "[shared]", "[stack]", "[shared]", "[anon:code]"], mappings.Select(m => m.Name));
        Assert.Equal(["rw-p", "rw-s", "rw-p", "rw-s", "r-xp"], mappings.Select(m => m.Rights));
        Assert.Equal(mappings[1].SharedObject, mappings[3].SharedObject);
        Assert.Equal(RichImage.PageSize, mappings[3].FileOffset);
        Assert.Equal(RichImage.Heap, Get<CrImageMapping>("Get-CrImageMapping $args[0] -Name '[heap]'").Single().Start);
        Assert.Equal("[stack]", Get<CrImageMapping>($"Get-CrImageMapping $args[0] -Address {RichImage.Stack + 5}").Single().Name);
        Assert.Equal(2, Get<CrImageMapping>("Get-CrImageTask $args[0] | Where-Object Comm -eq worker | Get-CrImageMapping").Count);
    }

    [Fact]
    public void Files_tell_their_position_and_who_has_the_other_end()
    {
        var files = Get<CrImageFile>("Get-CrImageFile $args[0]");
        Assert.Equal([(20, 1, FdType.Pipe, "w"), (20, 5, FdType.File, "w"), (21, 0, FdType.Pipe, "r")], files.Select(f => (f.VPid, f.Fd, f.Type, f.Access)));
        Assert.Equal("with 21:0(r)", files[0].Details);
        Assert.Equal("with 20:1(w)", files[2].Details);
        Assert.Equal((42ul, true, "/var/log/server"), (files[1].Position, files[1].CloseOnExec, files[1].Name));
        Assert.Equal(5, Get<CrImageFile>("Get-CrImageFile $args[0] -Type File -Name /var/*").Single().Fd);
    }

    [Fact]
    public void Memory_is_read_over_the_borders_of_blocks()
    {
        var text = Encoding.UTF8.GetBytes(RichImage.Text);
        var pieces = Get<CrImageMemory>("Read-CrImageMemory $args[0] -VPid 20 -Address $args[1] -Length $args[2]", RichImage.TextAt, text.Length);
        Assert.Equal(text, pieces.SelectMany(p => p.Bytes));
        Assert.All(pieces, p => Assert.Equal(MemorySource.Image, p.Source));
        var raw = _session.Run("Read-CrImageMemory $args[0] -VPid 20 -Address $args[1] -Length 3 -Raw", _image, RichImage.TextAt).Single<byte[]>();
        Assert.Equal("Hid"u8.ToArray(), raw);
    }

    [Fact]
    public void Memory_that_is_not_stored_is_zero_or_the_file_or_missing()
    {
        Assert.Equal(MemorySource.Zero, Get<CrImageMemory>("Read-CrImageMemory $args[0] -VPid 20 -Address $args[1]", RichImage.Heap + (4 * RichImage.PageSize)).Single().Source);
        var file = _folder.File("mapped");
        File.WriteAllText(file, "the file's own text");
        var image = _folder.File("mapped.cr");
        RichImage.Write(image, new() { MappedFile = file });
        var piece = _session.Run("Read-CrImageMemory $args[0] -VPid 20 -Address 0x400004 -Length 6", image).Single<CrImageMemory>();
        Assert.Equal((MemorySource.File, "file's"), (piece.Source, Encoding.ASCII.GetString(piece.Bytes)));
        File.WriteAllText(file, "another text than it was");
        piece = _session.Run("Read-CrImageMemory $args[0] -VPid 20 -Address 0x400004 -Length 6", image).Single<CrImageMemory>();
        Assert.Equal((MemorySource.Missing, 0), (piece.Source, piece.Bytes.Max()));
    }

    [Fact]
    public void Shared_memory_is_read_at_each_tasks_own_address()
    {
        foreach (var (vpid, address) in new[] { (20, RichImage.Shared + RichImage.PageSize + 16), (21, RichImage.Worker + 16) })
            Assert.Equal(RichImage.Text, Encoding.UTF8.GetString(Get<CrImageMemory>("Read-CrImageMemory $args[0] -VPid $args[1] -Address $args[2] -Length $args[3]", vpid, address, RichImage.Text.Length).Single().Bytes));
    }

    [Theory]
    [InlineData("Read-CrImageMemory $args[0] -VPid 20 -Address 0x1000", "CrAddressNotMapped", ErrorCategory.ObjectNotFound)]
    [InlineData("Read-CrImageMemory $args[0] -VPid 77 -Address 0x1000", "CrTaskNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-CrImageMapping $args[0] -VPid 77", "CrTaskNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Search-CrImageMemory $args[0] -Text a -Byte 1", "CrPatternNotUnique", ErrorCategory.InvalidArgument)]
    [InlineData("Search-CrImageMemory $args[0] -Regex '('", "CrPatternInvalid", ErrorCategory.InvalidArgument)]
    [InlineData("Measure-CrImage -LiteralPath ($args[0] + '-')", "CrImageNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Compare-CrImage $args[0] ($args[0] + '-')", "CrImageNotFound", ErrorCategory.ObjectNotFound)]
    [InlineData("Get-CrImageRecord /etc/passwd", "CrImageNotAnImage", ErrorCategory.InvalidData)]
    public void Errors_have_id_category_and_advice(string script, string id, ErrorCategory category)
    {
        var outcome = _session.Run(script, _image);
        Assert.Equal((id, category), (outcome.ErrorId, outcome.Category));
        Assert.NotNull(outcome.Errors[0].ErrorDetails?.RecommendedAction);
    }

    [Theory]
    [InlineData("-Text 'hidden treasure'", 3)]
    [InlineData("-Text 'hidden treasure' -CaseSensitive", 0)]
    [InlineData("-Text 'Hidden Treasure' -CaseSensitive", 3)]
    [InlineData("-Regex 'h.dden t\\w+'", 3)]
    [InlineData("-Byte ([Text.Encoding]::UTF8.GetBytes('Treasure'))", 3)]
    [InlineData("-Text 'Hidden Treasure' -Encoding Unicode", 0)]
    [InlineData("-Text 'hidden treasure' -VPid 21", 1)]
    [InlineData("-Text 'hidden treasure' -Comm serv*", 2)]
    public void Search_finds_text_bytes_and_expressions_once_for_each_place(string pattern, int matches)
        => Assert.Equal(matches, Get<CrMemoryMatch>($"Search-CrImageMemory $args[0] {pattern}").Count);

    [Fact]
    public void A_match_tells_where_it_is_and_leads_to_the_memory_around_it()
    {
        var matches = Get<CrMemoryMatch>("Search-CrImageMemory $args[0] 'hidden treasure'");
        Assert.Equal([RichImage.TextAt, RichImage.Shared + RichImage.PageSize + 16, RichImage.Worker + 16], matches.Select(m => m.Address));
        Assert.Equal(["[heap]", "[shared]", "[shared]"], matches.Select(m => m.Mapping));
        Assert.All(matches, m => Assert.Equal(RichImage.Text, m.Text));
        Assert.Equal(4, Get<CrImageMemory>("Search-CrImageMemory $args[0] 'hidden treasure' | Read-CrImageMemory").Count);
    }

    [Fact]
    public void Images_that_say_the_same_have_no_difference()
    {
        var other = _folder.File("other.cr");
        RichImage.Write(other);
        Assert.Empty(Get<CrImageDifference>("Compare-CrImage $args[0] $args[1] -IncludePage", other));
    }

    [Fact]
    public void Differences_name_tasks_files_state_and_pages()
    {
        var other = _folder.File("other.cr");
        RichImage.Write(other, new() { WithLog = false, WorkerUid = 1001, Filling = 2 });
        var found = Get<CrImageDifference>("Compare-CrImage $args[0] $args[1] -IncludePage", other).Select(d => (d.VPid, d.Kind, d.Change, d.Item, d.Property));
        Assert.Equal(
        [
            (20, DifferenceKind.File, DifferenceChange.Removed, "descriptor 5", ""),
            (20, DifferenceKind.Page, DifferenceChange.Changed, "100000-102000", "Pages"),
            (21, DifferenceKind.State, DifferenceChange.Changed, "thread 21 Credentials", "Uid"),
        ], found);
        var tasks = _folder.File("tasks.cr");
        SampleImage.Write(tasks);
        Assert.Equal(7, Get<CrImageDifference>("[IO.FileInfo]$args[1] | Compare-CrImage $args[0] -Kind Task", tasks).Count);
        Assert.Empty(Get<CrImageDifference>("Compare-CrImage $args[0] $args[1] -Kind Mapping", other));
    }

    [Fact]
    public void Measures_add_up_to_the_image()
    {
        var length = new FileInfo(_image).Length;
        foreach (var by in (string[])["Kind", "Task", "TaskAndKind"])
            Assert.Equal(length, Get<CrImageMeasure>($"Measure-CrImage $args[0] -GroupBy {by}").Sum(m => m.Length));
        Assert.Equal(4, Get<CrImageMeasure>("Measure-CrImage $args[0]").Single(m => m.Kind == "Pages").PageCount);
        Assert.Equal([0, 20, 21], Get<CrImageMeasure>("Measure-CrImage $args[0] -GroupBy Task").Select(m => m.VPid!.Value).Order());
    }

    [Fact]
    public void Tasks_tell_their_program_user_and_directory()
    {
        var tasks = Get<CrImageTask>("Get-CrImageTask $args[0]");
        Assert.Equal(("/usr/bin/server", "/srv", 0u, 3), (tasks[0].ExePath, tasks[0].WorkingDirectory, tasks[0].Uid, tasks[0].MappingCount));
        Assert.Equal(1000u, tasks[1].Uid);
    }

    [Fact]
    public void Tasks_and_records_are_completed_with_their_names()
    {
        Assert.Equal(["20 (server)", "21 (worker)"], _session.Complete($"Get-CrImageMapping {_image} -VPid ").Select(c => c.ListItemText));
        Assert.Equal(["worker"], _session.Complete($"Get-CrImageFile -LiteralPath {_image} -Comm w").Select(c => c.CompletionText));
        Assert.Contains("CREDENTIALS", _session.Complete("Get-CrImageRecord x.cr -Name cred").Select(c => c.CompletionText));
    }

    [Theory]
    [InlineData("Get-CrImageRecord $args[0] -Name TASK", "Offset")]
    [InlineData("Get-CrImageMapping $args[0]", "Rights")]
    [InlineData("Get-CrImageFile $args[0]", "Access")]
    [InlineData("Search-CrImageMemory $args[0] treasure", "Mapping")]
    [InlineData("Measure-CrImage $args[0]", "Percent")]
    public void Tables_have_their_columns(string script, string column)
        => Assert.Contains(column, _session.Show(script, _image), StringComparison.Ordinal);

    [Fact]
    public void Memory_shows_as_a_dump()
        => Assert.Contains($"{RichImage.Worker + 16:x12}  48 69 64 64", _session.Show("Read-CrImageMemory $args[0] -VPid 21 -Address $args[1] -Length 20", _image, RichImage.Worker + 16), StringComparison.Ordinal);

    [Fact]
    public void A_line_of_a_dump_fits_a_terminal_of_80_columns()
    {
        using var session = new ModuleSession(width: 80);
        var lines = session.Show("Read-CrImageMemory $args[0] -VPid 21 -Address $args[1] -Length 64", _image, RichImage.Worker).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, lines.Count(l => l.Trim().Length == 79));
        Assert.Equal(4, lines.Count(l => l.Trim().Length > 0));
    }

    [Fact]
    public void A_record_in_a_table_says_how_many_items_it_has()
    {
        var table = _session.Show("Get-CrImageRecord $args[0] -Name TREE, STRING", _image);
        Assert.Contains("Pids = 2 items", table, StringComparison.Ordinal);
        Assert.Contains("Bytes = 16 bytes, Text = server", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Get-CrImageRecord $args[0] -VPid 4711")]
    [InlineData("Get-CrImageTask $args[0] -VPid 4711")]
    [InlineData("Read-CrImageMemory $args[0] -VPid 4711 -Address 0")]
    public void A_task_that_is_not_there_is_an_error(string script)
    {
        var outcome = _session.Run(script, _image);
        Assert.Equal(("CrTaskNotFound", ErrorCategory.ObjectNotFound), (outcome.ErrorId, outcome.Category));
        Assert.Equal(4711, outcome.Errors[0].TargetObject);
    }

    [Theory]
    [InlineData("Get-CrImageHeader $args[0]", "short", "CrImageNotAnImage")]
    [InlineData("Get-CrImageFile $args[0]", "short", "CrImageNotAnImage")]
    [InlineData("Get-CrImageFile /dev/zero", "", "CrImageNotAFile")]
    [InlineData("Get-CrImageHeader /dev/zero", "", "CrImageNotAnImage")]
    [InlineData("Get-CrImageHeader $args[0]", "sp ace [1].cr", "CrImageNotFound")]
    public void What_is_no_image_is_called_none(string script, string name, string id)
    {
        if (name.Length > 0)
            File.WriteAllText(_folder.File(name), "hello\n");
        var outcome = _session.Run(script, _folder.File(name));
        Assert.Equal(id, outcome.ErrorId);
        Assert.Equal(id == "CrImageNotFound", outcome.Errors[0].ErrorDetails.RecommendedAction.Contains("-LiteralPath", StringComparison.Ordinal));
    }

    [Fact]
    public void A_list_that_is_cut_short_ends_the_reading()
        => Assert.Single(Get<CrImageRecord>("do { Get-CrImageRecord $args[0] -IncludePage | ForEach-Object { $_; break } } while ($true)"));
}
