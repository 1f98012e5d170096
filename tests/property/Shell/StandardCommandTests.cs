using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using CrShell.Commands;
using CrShell.Session;
using Xunit;

namespace CrProperty.Shell;

/// <summary>The standard cmdlets that the engine package lacks: each listed, and doing what scripts expect of it.</summary>
public sealed class StandardCommandTests
{
    [Fact]
    public void EachIsListedUnderItsName()
    {
        var declared = typeof(StandardCommands).Assembly.GetTypes()
            .Select(t => (Type: t, Cmdlet: t.GetCustomAttribute<CmdletAttribute>()))
            .Where(t => t.Cmdlet is not null)
            .Select(t => ($"{t.Cmdlet!.VerbName}-{t.Cmdlet.NounName}", t.Type));
        Assert.Equal(declared.Order(), StandardCommands.All.Order());
    }

    [Fact]
    public void NoneHidesOneOfTheEngine()
    {
        var engine = typeof(PSObject).Assembly.GetTypes()
            .Select(t => t.GetCustomAttribute<CmdletAttribute>()).OfType<CmdletAttribute>().Select(a => $"{a.VerbName}-{a.NounName}");
        Assert.Empty(StandardCommands.All.Select(c => c.Name).Intersect(engine));
    }

    [Theory]
    [InlineData("1..9 | Select-Object -First 2 -Skip 3", "4 5")]
    [InlineData("1..9 | Select-Object -Last 2", "8 9")]
    [InlineData("1..9 | Select-Object -SkipLast 7", "1 2")]
    [InlineData("1..9 | Select-Object -Index 0, 8", "1 9")]
    [InlineData("1, 2, 1 | Select-Object -Unique", "1 2")]
    [InlineData("[pscustomobject]@{ a = 1; b = 2; c = 3 } | Select-Object a*, @{ n = 'd'; e = { $_.b * 10 } } | ConvertTo-Json -Compress", """{"a":1,"d":20}""")]
    [InlineData("([pscustomobject]@{ a = 1; b = 2 } | Select-Object -ExcludeProperty a).psobject.Properties.Name", "b")]
    [InlineData("[pscustomobject]@{ a = 1, 2 } | Select-Object -ExpandProperty a", "1 2")]
    [InlineData("10, 9, 'b', 'A' | Sort-Object", "9 10 A b")]
    [InlineData("'bb', 'a', 'cc' | Sort-Object Length -Descending", "bb cc a")]
    [InlineData("3, 1, 3 | Sort-Object -Unique", "1 3")]
    [InlineData("'x', 'Y', 'X' | Group-Object | ForEach-Object Count", "2 1")]
    [InlineData("(1..4 | Measure-Object -Sum -Average -Minimum -Maximum).psobject.Properties.Value -join ','", "4,2.5,10,4,1,")]
    [InlineData("Compare-Object 1, 2 2, 3 | ForEach-Object { \"$($_.InputObject)$($_.SideIndicator)\" }", "3=> 1<=")]
    [InlineData("(New-Object Text.StringBuilder 'abc').Length", "3")]
    [InlineData("(New-Object PSObject -Property @{ a = 7 }).a", "7")]
    [InlineData("('x' | Add-Member -NotePropertyName n -NotePropertyValue 5 -PassThru).n", "5")]
    [InlineData("@{ a = 1, $null, $true, 2.5, 'q\"' } | ConvertTo-Json -Compress", """{"a":[1,null,true,2.5,"q\""]}""")]
    [InlineData("('{\"a\":[1,{\"b\":\"c\"}]}' | ConvertFrom-Json).a[1].b", "c")]
    [InlineData("'abc', 'xyz' | Select-String -Pattern B -Raw", "abc")]
    [InlineData("Join-Path /a b c", "/a/b/c")]
    [InlineData("Split-Path /a/b.txt; Split-Path /a/b.txt -Leaf", "/a b.txt")]
    [InlineData("Test-Path /proc/self/maps, /nonexistent", "True False")]
    [InlineData("Test-Path /proc -PathType Leaf", "False")]
    [InlineData("(1..3 | Out-String -Stream) -join '|'", "1|2|3")]
    [InlineData("Write-Host hidden 6> $null; Write-Output 1 2", "1 2")]
    [InlineData("$x = Write-Host shown 6>&1; \"<$x>\"", "<shown>")]
    [InlineData("Set-Variable v 3; Get-Variable v -ValueOnly", "3")]
    [InlineData("Push-Location /; (Get-Location).Path; Pop-Location", "/")]
    [InlineData("try { Get-Item /nonexistent -ErrorAction Stop } catch [System.Management.Automation.ItemNotFoundException] { 'typed' }", "typed")]
    [InlineData("try { throw 'why' } catch { }; (Get-Error).Exception.Message", "why")]
    [InlineData("(Get-Date '2008-01-02').Year", "2008")]
    public void Gives(string text, string expected)
    {
        using var runspace = RunspaceFactory.CreateRunspace(StartupState.Create());
        runspace.Open();
        using var powershell = PowerShell.Create(runspace);
        var output = powershell.AddScript(text).Invoke();
        Assert.Empty(powershell.Streams.Error);
        Assert.Equal(expected, string.Join(' ', output));
    }

    [Fact]
    public void FilesAreWrittenReadCopiedAndRemoved()
    {
        using var directory = new TemporaryDirectory();
        var result = ShellProcess.Command($$"""
            Set-Location '{{directory.Path}}'
            New-Item -ItemType Directory d/e -Force | Out-Null
            'one', 'two' | Set-Content d/x.txt; 'three' | Add-Content d/x.txt
            'é' > d/y.txt; 'z' >> d/y.txt
            Copy-Item d f -Recurse; Move-Item f/y.txt f/moved.txt
            (Get-Content f/x.txt) -join ','; (Get-Content f/moved.txt -Raw).Length; (Get-Content d/x.txt -Tail 1)
            (Get-ChildItem f -Recurse -Name | Sort-Object) -join ','
            (Get-ChildItem d -File -Filter x*).Name
            (Get-FileHash d/x.txt).Hash -eq (Get-FileHash f/x.txt).Hash
            Remove-Item d -ErrorAction SilentlyContinue; Test-Path d
            Remove-Item d -Recurse; Test-Path d
            """);
        Assert.Equal(["one,two,three", "4", "three", "e,moved.txt,x.txt", "x.txt", "True", "True", "False"], result.Lines);
    }

    [Fact]
    public void AProcessIsStartedFoundStoppedAndWaitedFor()
    {
        using var directory = new TemporaryDirectory();
        var result = ShellProcess.Command($$"""
            $p = Start-Process sleep 1000 -PassThru
            (Get-Process -Id $p.Id).ProcessName
            [pscustomobject]@{ Id = $p.Id } | Stop-Process; $p | Wait-Process; $p.ExitCode
            $p = Start-Process sh '-c "cat; echo err >&2; readlink /proc/self/fd/1; exit 7"' -PassThru -Wait -RedirectStandardInput /etc/hostname -RedirectStandardOutput '{{directory.File("o u t")}}' -RedirectStandardError '{{directory.File("err")}}'
            $p.ExitCode
            """);
        Assert.Equal(["sleep", "137", "7"], result.Lines);
        // A file and no pipe: a tree so started can be checkpointed whole.
        Assert.Equal(File.ReadAllText("/etc/hostname") + directory.File("o u t") + "\n", File.ReadAllText(directory.File("o u t")));
        Assert.Equal("err\n", File.ReadAllText(directory.File("err")));
    }

    [Theory]
    [InlineData("Get-Process -Id 4194304", "NoProcessFoundForGivenId")]
    [InlineData("Get-Process no-such-name", "NoProcessFoundForGivenName")]
    [InlineData("Get-Item /nonexistent", "PathNotFound")]
    [InlineData("Write-Error e -ErrorId Mine", "Mine")]
    [InlineData("'{' | ConvertFrom-Json", "System.ArgumentException")]
    public void ErrorsHaveTheIdsOfTheOriginals(string text, string id)
        => Assert.StartsWith(id + ",", ShellProcess.Command($"try {{ {text} -ErrorAction Stop }} catch {{ $_.FullyQualifiedErrorId }}").Output);
}
