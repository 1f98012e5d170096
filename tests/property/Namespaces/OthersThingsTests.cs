using CrProperty.Module;
using Xunit;

namespace CrProperty.Namespaces;

/// <summary>What an ordinary user is told of images, keys and processes that are somebody else's; none of it is touched.</summary>
public sealed class OthersThingsTests : IDisposable
{
    private readonly ScratchFolder _folder = new();
    private readonly LiveProcess _others = LiveProcess.Sleep();

    public OthersThingsTests()
    {
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1ed); // 0755
        Directory.CreateDirectory(_folder.File("closed"), (UnixFileMode)0x1c0); // 0700
        foreach (var (name, mode) in ((string, int)[])[("secret.cr", 0x180), ("open.cr", 0x1a4), ("closed/x.cr", 0x1a4)])
        {
            RichImage.Write(_folder.File(name));
            File.SetUnixFileMode(_folder.File(name), (UnixFileMode)mode);
        }
        File.WriteAllBytes(_folder.File("key"), new byte[32]);
        File.SetUnixFileMode(_folder.File("key"), (UnixFileMode)0x180);
        File.WriteAllBytes(_folder.File("openkey"), new byte[32]);
    }

    public void Dispose()
    {
        _others.Dispose();
        _folder.Dispose();
    }

    [FactAsAnotherUser]
    public void Images_and_keys_of_others_are_refused()
        => Refused("CrImageAccessDenied",
        [
            .. ((string[])["Get-CrImageHeader", "Get-CrImageTask", "Get-CrImageMapping", "Get-CrImageFile", "Get-CrImageRecord", "Measure-CrImage", "Test-CrImage", "Restore-ProcessTree", "Invoke-CrImageFuzz"])
                .Select(c => $"{c} $f/secret.cr"),
            "Test-CrImage $f/secret.cr -Restore",
            "Restore-ProcessTree $f/secret.cr -NewPidNamespace",
            "Read-CrImageMemory $f/secret.cr -VPid 20 -Address 1",
            "Search-CrImageMemory $f/secret.cr x",
            "Compare-CrImage $f/open.cr $f/secret.cr",
            "Protect-CrImage $f/secret.cr $f/new.cr -KeyFile $f/openkey",
            "Unprotect-CrImage $f/secret.cr $f/new.cr -KeyFile $f/openkey",
            "Convert-CrImage $f/secret.cr $f/new.cr -DropMemory",
            "Export-CrCoreDump $f/secret.cr $f/core",
            "Export-CrImageReport $f/secret.cr $f/page.html",
            "Get-CrImageHeader $f/closed/x.cr",
            "Get-CrImageHeader -LiteralPath $f/closed/x.cr",
        ]);

    [FactAsAnotherUser]
    public void Keys_that_may_not_be_read_and_places_that_may_not_be_written_are_named()
    {
        Refused("CrKeyFileUnreadable", ["Get-CrImageHeader $f/open.cr -KeyFile $f/key"]);
        Refused("CrImageCreateFailed", ["Convert-CrImage $f/open.cr $f/new.cr -DropMemory", "Export-CrCoreDump $f/open.cr $f/core -VPid 20", "Export-CrImageReport $f/open.cr $f/page.html"]);
    }

    [FactAsAnotherUser]
    public void Processes_of_others_are_refused()
    {
        Refused("CrCheckpointObstacles", ["Checkpoint-ProcessTree -Id $id -Path $f/new.cr", "Checkpoint-ProcessTree -Id $id -Path $f/new.cr -Stop", "Test-CrRoundTrip -Id $id"]);
        Refused("CrPidFdFailed", ["Suspend-ProcessTree -Id $id"]);
    }

    [FactAsAnotherUser]
    public void Looking_at_processes_of_others_tells_what_is_in_the_way()
    {
        var result = OrdinaryUserTests.Shell(_folder.Path, $"Test-ProcessTree -Id {_others.Id}; (Test-ProcessTree -Id {_others.Id} -Detailed).Id; (Get-ProcessTree -Id {_others.Id}).Obstacles.Id");
        Assert.Equal("", result.Error);
        Assert.Equal(["False", "CrNoAccess", "CrNoAccess"], result.Lines);
    }

    /// <summary>Each line gives one error of that id, a denial with advice, and nothing else; all files and the process are as before.</summary>
    private void Refused(string id, string[] lines)
    {
        var before = State();
        var text = string.Join("; ", lines.Select(l => $$"""
            $said = @({{l}} 2>&1); foreach ($s in $said) { if ($s -is [Management.Automation.ErrorRecord]) { '{0} {1} {2}' -f $s.FullyQualifiedErrorId.Split(',')[0], $s.CategoryInfo.Category, ($s.ErrorDetails.RecommendedAction.Length -gt 0) } else { "wrote $s" } }; if ($said.Count -eq 0) { 'wrote nothing' }
            """));
        var result = OrdinaryUserTests.Shell(_folder.Path, $"$f, $id = '{_folder.Path}', {_others.Id}; {text}");
        Assert.Equal("", result.Error);
        Assert.Equal(lines.Select(l => $"{l}: {id} PermissionDenied True"), lines.Zip(result.Lines, (l, said) => $"{l}: {said}"));
        Assert.Equal(lines.Length, result.Lines.Length);
        Assert.Equal(before, State());
    }

    private string State()
    {
        // Not the way to the module, which is made for the shell.
        var files = ((string[])[_folder.Path, _folder.File("closed")]).SelectMany(d => new DirectoryInfo(d).EnumerateFiles()).OrderBy(f => f.FullName, StringComparer.Ordinal)
            .Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc:O}");
        var process = File.ReadAllText($"/proc/{_others.Id}/stat").Split(' ');
        return string.Join('\n', [.. files, process[2] == "T" ? "stopped" : "runs", process[21]]);
    }
}
