#Requires -Version 7.6
<#
.SYNOPSIS
Builds, tests and packages CrModule. Runs the same in pwsh and in the project's own shell.
.DESCRIPTION
Build    compiles everything and leaves artifacts/CrModule (a module folder) and artifacts/shell/crshell.
Test     builds, then runs the xUnit tests and, where pwsh and Pester can be had, the Pester tests.
         The last line is "N passed, N failed, N skipped".
Demo     shows a checkpoint and a restore of a small tree (examples/demo.ps1).
Bench    builds, then times checkpoints and restores, side by side with criu where it is installed (bench/bench.ps1).
Package  builds, and checks that artifacts/CrModule is complete: what Publish-PSResource -Path would take.
.EXAMPLE
dotnet run --project src/CrShell -- -File build.ps1 -Task Test
On a machine that has the .NET SDK and no PowerShell.
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Demo', 'Bench', 'Package')]
    [string] $Task = 'Build',

    # A filter of `dotnet test`, for example "FullyQualifiedName~Shell". The Pester tests are then left out.
    [string] $Filter = '',

    # Whether the module and the shell are compiled ahead of time (ReadyToRun). -Fast leaves that out.
    [switch] $Fast
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PesterVersion = '5.7.1'
$Root = $PSScriptRoot
$Artifacts = Join-Path $Root 'artifacts'

function Write-Step([string] $Text) {
    Write-Host "==> $Text" -ForegroundColor Cyan
}

function Invoke-DotNet([string[]] $Arguments) {
    dotnet @Arguments
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($Arguments[0]) failed with exit code $LASTEXITCODE."
    }
}

# Publishes a project and puts it in place by renaming: the folder is never half old and half new, and a shell that runs
# this script from there goes on with the files it has open.
function Publish-Project([string] $Project, [string] $Name) {
    $staging = Join-Path $Artifacts ".new-$Name"
    $old = Join-Path $Artifacts ".old-$Name"
    $target = Join-Path $Artifacts $Name
    foreach ($leftover in $staging, $old) {
        if (Test-Path $leftover) { Remove-Item $leftover -Recurse -Force }
    }
    $readyToRun = if ($Fast) { 'false' } else { 'true' }
    # The shell brings its runtime, compiled as one with it: a fifth less to start. The module runs in whatever loads it.
    $whole = if ($Name -eq 'shell' -and -not $Fast) { 'true' } else { 'false' }
    Invoke-DotNet @('publish', (Join-Path $Root $Project), '-c', 'Release', '-r', 'linux-x64', '--self-contained', $whole,
        "-p:PublishReadyToRun=$readyToRun", "-p:PublishReadyToRunComposite=$whole", '-o', $staging, '-v', 'q', '--nologo')
    if ($Name -eq 'CrModule') { Complete-ModuleFolder $staging }
    if (Test-Path $target) { Move-Item $target $old }
    Move-Item $staging $target
    if (Test-Path $old) { Remove-Item $old -Recurse -Force }
}

# What the compiler leaves is more and less than a module needs.
function Complete-ModuleFolder([string] $Folder) {
    foreach ($name in 'CrModule.deps.json', 'CrCore.xml', 'CrFuzz.xml', 'CrHarness.xml', 'CrModule.xml') {
        $path = Join-Path $Folder $name
        if (Test-Path $path) { Remove-Item $path }
    }
    Copy-Item (Join-Path $Root 'LICENSE') $Folder
    Copy-Item (Join-Path $Root 'CHANGELOG.md') $Folder
}

function Build-Module {
    Write-Step 'Module: artifacts/CrModule'
    New-Item -ItemType Directory -Path $Artifacts -Force | Out-Null
    Publish-Project 'src/CrModule' 'CrModule'
}

function Build-All {
    Write-Step 'Everything: CrModule.sln'
    Invoke-DotNet @('build', (Join-Path $Root 'CrModule.sln'), '-c', 'Release', '-v', 'q', '--nologo')
    Build-Module
    Write-Step 'Shell: artifacts/shell/crshell'
    Publish-Project 'src/CrShell' 'shell'
}

function New-Count([int] $Passed, [int] $Failed, [int] $Skipped) {
    [pscustomobject]@{ Passed = $Passed; Failed = $Failed; Skipped = $Skipped }
}

function Invoke-PropertyTest {
    Write-Step 'xUnit: tests/property'
    $results = Join-Path $Artifacts 'TestResults'
    if (Test-Path $results) { Remove-Item $results -Recurse -Force }
    $arguments = @('test', (Join-Path $Root 'tests/property'), '-c', 'Release', '--no-build', '--nologo',
        '--results-directory', $results, '--logger', 'trx;LogFileName=property.trx', '--logger', 'console;verbosity=minimal',
        '--blame-hang-timeout', '12m', '--blame-hang-dump-type', 'none')
    if ($Filter) { $arguments += '--filter', $Filter }
    dotnet @arguments | Out-Host
    $exit = $LASTEXITCODE
    $report = Join-Path $results 'property.trx'
    if (-not (Test-Path $report)) {
        Write-Warning "The test run left no report (exit code $exit); it counts as one failure."
        return New-Count 0 1 0
    }
    $counters = ([xml](Get-Content $report -Raw)).TestRun.ResultSummary.Counters
    $passed = [int]$counters.passed
    $failed = [int]$counters.failed + [int]$counters.error + [int]$counters.timeout + [int]$counters.aborted
    # A run that broke off shows in its exit code alone.
    if ($exit -ne 0 -and $failed -eq 0) { $failed = 1 }
    New-Count $passed $failed ([int]$counters.total - [int]$counters.executed)
}

# The number of It blocks: what is skipped where Pester cannot run.
function Measure-PesterTest([object[]] $Files) {
    $count = 0
    foreach ($file in $Files) {
        $tree = [System.Management.Automation.Language.Parser]::ParseFile($file.FullName, [ref]$null, [ref]$null)
        $count += $tree.FindAll({
                param($node)
                $node -is [System.Management.Automation.Language.CommandAst] -and $node.GetCommandName() -eq 'It'
            }, $true).Count
    }
    $count
}

function Invoke-PesterTest {
    Write-Step 'Pester: tests/pester'
    $folder = Join-Path $Root 'tests/pester'
    $files = @(Get-ChildItem $folder -Filter '*.Tests.ps1' -Recurse -ErrorAction Ignore)
    if ($files.Count -eq 0) {
        Write-Host 'There are no Pester tests.'
        return New-Count 0 0 0
    }
    $pwsh = Get-Command pwsh -CommandType Application -ErrorAction Ignore
    if (-not $pwsh) {
        Write-Host 'Skipped: there is no pwsh on PATH.'
        return New-Count 0 0 (Measure-PesterTest $files)
    }
    $report = Join-Path $Artifacts 'pester.json'
    if (Test-Path $report) { Remove-Item $report }
    $script = @'
param($Folder, $Module, $Version, $Report)
$ErrorActionPreference = 'Stop'
try {
    if (-not (Get-Module Pester -ListAvailable | Where-Object Version -EQ $Version)) {
        Install-PSResource Pester -Version $Version -TrustRepository -Scope CurrentUser -Quiet
    }
    Import-Module Pester -RequiredVersion $Version
}
catch {
    "Pester $Version cannot be had: $_"
    exit 77
}
Import-Module $Module
$c = New-PesterConfiguration
$c.Run.Path = $Folder; $c.Run.PassThru = $true; $c.Output.Verbosity = 'Normal'
$r = Invoke-Pester -Configuration $c
@{ Passed = $r.PassedCount; Failed = $r.FailedCount + $r.FailedContainersCount; Skipped = $r.SkippedCount + $r.NotRunCount } |
    ConvertTo-Json | Set-Content $Report
'@
    $runner = Join-Path $Artifacts 'pester-run.ps1'
    Set-Content $runner $script
    pwsh -NoProfile -File $runner $folder (Join-Path $Artifacts 'CrModule/CrModule.psd1') $PesterVersion $report | Out-Host
    $exit = $LASTEXITCODE
    if ($exit -eq 77) {
        Write-Host "Skipped: Pester $PesterVersion is neither installed nor to be had from a gallery."
        return New-Count 0 0 (Measure-PesterTest $files)
    }
    if (-not (Test-Path $report)) {
        Write-Warning "The Pester run left no report (exit code $exit); it counts as one failure."
        return New-Count 0 1 0
    }
    $result = Get-Content $report -Raw | ConvertFrom-Json
    New-Count $result.Passed $result.Failed $result.Skipped
}

function Test-All {
    Build-All
    $counts = @(Invoke-PropertyTest)
    if (-not $Filter) { $counts += Invoke-PesterTest }
    $passed = 0; $failed = 0; $skipped = 0
    foreach ($count in $counts) { $passed += $count.Passed; $failed += $count.Failed; $skipped += $count.Skipped }
    Write-Host "$passed passed, $failed failed, $skipped skipped"
    if ($failed -gt 0 -or $passed -eq 0) { exit 1 }
}

function Invoke-Demo {
    Build-Module
    Write-Step 'Demo: examples/demo.ps1'
    Import-Module (Join-Path $Artifacts 'CrModule/CrModule.psd1') -Force
    & (Join-Path $Root 'examples/demo.ps1')
}

function Invoke-Bench {
    Build-All
    Write-Step 'Benchmark: bench/bench.ps1'
    & (Join-Path $Root 'bench/bench.ps1')
}

function Test-Package {
    Build-All
    Write-Step 'Package: artifacts/CrModule'
    $folder = Join-Path $Artifacts 'CrModule'
    $manifest = Test-ModuleManifest (Join-Path $folder 'CrModule.psd1')
    $module = Import-Module (Join-Path $folder 'CrModule.psd1') -Force -PassThru
    $missing = @($manifest.ExportedCmdlets.Keys | Where-Object { -not $module.ExportedCmdlets.ContainsKey($_) })
    if ($missing.Count -gt 0) { throw "The manifest exports what the module lacks: $($missing -join ', ')." }
    if (-not (Test-Path (Join-Path $folder 'en-US/CrModule.dll-Help.xml'))) { throw 'The module folder holds no help.' }
    if (Test-Path (Join-Path $folder 'System.Management.Automation.dll')) { throw 'The module folder holds a PowerShell engine.' }
    Write-Host "$($manifest.Name) $($manifest.Version): $($module.ExportedCmdlets.Count) cmdlets, $(@(Get-ChildItem $folder -File -Recurse).Count) files"
}

switch ($Task) {
    'Build' { Build-All }
    'Test' { Test-All }
    'Demo' { Invoke-Demo }
    'Bench' { Invoke-Bench }
    'Package' { Test-Package }
}
