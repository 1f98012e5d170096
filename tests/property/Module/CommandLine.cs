namespace CrProperty.Module;

/// <summary>
/// One line for each command that does its ordinary work, and one that goes wrong. $f is a folder of the line's own, $id a
/// process of its own, and what Before writes is in $it.
/// </summary>
/// <param name="Line">More parameters can be written behind it.</param>
/// <param name="Wrong">One that cannot work; null where nothing can be wrong.</param>
/// <param name="Before">What has to be there first; run once.</param>
internal sealed record CommandLine(string Line, string? Wrong, string Before = "")
{
    private const string NoProcess = "-Id ([int]::MaxValue)", NoImage = "-LiteralPath $f/none.cr";

    private const string Plan = "New-CrTreePlan @{ Root = 'Host'; Tasks = @(@{}) }";

    public static IReadOnlyDictionary<string, CommandLine> All { get; } = new Dictionary<string, CommandLine>
    {
        ["Checkpoint-ProcessTree"] = new("Checkpoint-ProcessTree -Id $id $f/new.cr -Stop", $"Checkpoint-ProcessTree {NoProcess} -Path $f/new.cr"),
        ["Restore-ProcessTree"] = new("Restore-ProcessTree $f/own.cr", $"Restore-ProcessTree {NoImage}", "Checkpoint-ProcessTree -Id $id $f/own.cr -Stop"),
        ["Compare-CrImage"] = new("Compare-CrImage $f/first.cr $f/second.cr", "Compare-CrImage $f/first.cr $f/none.cr"),
        ["Convert-CrImage"] = new("Convert-CrImage $f/first.cr $f/new.cr -DropMemory", $"Convert-CrImage {NoImage} -DestinationPath $f/new.cr"),
        ["Protect-CrImage"] = new("Protect-CrImage $f/first.cr $f/new.cr -KeyFile $f/key", "Protect-CrImage $f/first.cr $f/new.cr"),
        ["Unprotect-CrImage"] = new("Unprotect-CrImage $f/hidden.cr $f/new.cr -KeyFile $f/key", "Unprotect-CrImage $f/first.cr $f/new.cr -KeyFile $f/key", "Protect-CrImage $f/first.cr $f/hidden.cr -KeyFile $f/key"),
        ["Export-CrCoreDump"] = new("Export-CrCoreDump $f/first.cr $f/core -VPid 20", $"Export-CrCoreDump {NoImage} -DestinationPath $f/core"),
        ["Export-CrImageReport"] = new("Export-CrImageReport $f/first.cr $f/page.html", $"Export-CrImageReport {NoImage} -DestinationPath $f/page.html"),
        ["Get-CrImageHeader"] = new("Get-CrImageHeader $f/first.cr", $"Get-CrImageHeader {NoImage}"),
        ["Get-CrImageTask"] = new("Get-CrImageTask $f/first.cr", "Get-CrImageTask $f/first.cr -VPid 4000"),
        ["Get-CrImageMapping"] = new("Get-CrImageMapping $f/first.cr", $"Get-CrImageMapping {NoImage}"),
        ["Get-CrImageFile"] = new("Get-CrImageFile $f/first.cr", $"Get-CrImageFile {NoImage}"),
        ["Get-CrImageRecord"] = new("Get-CrImageRecord $f/first.cr", $"Get-CrImageRecord {NoImage}"),
        ["Read-CrImageMemory"] = new("Read-CrImageMemory $f/first.cr -VPid 20 -Address 0x100000", "Read-CrImageMemory $f/first.cr -VPid 20 -Address 1"),
        ["Search-CrImageMemory"] = new("Search-CrImageMemory $f/first.cr Treasure", "Search-CrImageMemory $f/first.cr"),
        ["Measure-CrImage"] = new("Measure-CrImage $f/first.cr", $"Measure-CrImage {NoImage}"),
        ["Test-CrImage"] = new("Test-CrImage $f/first.cr", $"Test-CrImage {NoImage}"),
        ["Test-CrHost"] = new("Test-CrHost", null),
        ["Test-ProcessTree"] = new("Test-ProcessTree -Id $id", $"Test-ProcessTree {NoProcess}"),
        ["Get-ProcessTree"] = new("Get-ProcessTree -Id $id", $"Get-ProcessTree {NoProcess}"),
        ["Suspend-ProcessTree"] = new("Suspend-ProcessTree -Id $id -PassThru", $"Suspend-ProcessTree {NoProcess}"),
        ["Resume-ProcessTree"] = new("Resume-ProcessTree -Id $id -PassThru", $"Resume-ProcessTree {NoProcess}", "Suspend-ProcessTree -Id $id"),
        ["New-CrTreePlan"] = new("New-CrTreePlan -Seed 4", "New-CrTreePlan -Json '{'"),
        ["Start-CrTree"] = new("$it | Start-CrTree", null, Plan),
        ["Stop-CrTree"] = new("$it | Stop-CrTree", null, $"{Plan} | Start-CrTree"),
        ["Test-CrRoundTrip"] = new("Test-CrRoundTrip -Id $id -CounterExamplePath $f", $"Test-CrRoundTrip {NoProcess}"),
        ["New-CrRandomImage"] = new("New-CrRandomImage $f/new.cr -Seed 1 -MaxTask 2", "New-CrRandomImage $f/none/new.cr"),
        ["Invoke-CrImageFuzz"] = new("Invoke-CrImageFuzz $f/first.cr -Count 2", $"Invoke-CrImageFuzz {NoImage}"),
    };
}
