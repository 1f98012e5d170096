#Requires -Version 7.6
<#
.SYNOPSIS
Times how much longer a pwsh takes to start when it imports the module.
.DESCRIPTION
Starts the shell again and again, in turns with nothing to do and with Import-Module, and gives medians with the least and the
greatest. The goal is at most 150 ms more than an empty start.
.EXAMPLE
bench/import.ps1 -Shell /opt/microsoft/powershell/7/pwsh
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 1000)]
    [int] $Rounds = 15,

    # The shell that is started: pwsh, or artifacts/shell/crshell.
    [string] $Shell = 'pwsh',

    [string] $Manifest = "$PSScriptRoot/../artifacts/CrModule/CrModule.psd1"
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$manifestPath = (Resolve-Path $Manifest).Path
$commands = [ordered]@{ 'empty' = '1'; 'import' = "Import-Module '$manifestPath'" }
$times = @{}
foreach ($name in $commands.Keys) { $times[$name] = [Collections.Generic.List[double]]::new() }

# Once each before anything is counted: the files are then in memory.
foreach ($round in 0..$Rounds) {
    foreach ($name in $commands.Keys) {
        $watch = [Diagnostics.Stopwatch]::StartNew()
        & $Shell -NoProfile -NonInteractive -Command $commands[$name] | Out-Null
        if ($LASTEXITCODE -ne 0) { throw "'$Shell' ended with $LASTEXITCODE." }
        if ($round -gt 0) { $times[$name].Add($watch.Elapsed.TotalMilliseconds) }
    }
}

$medians = foreach ($name in $commands.Keys) {
    $sorted = @($times[$name] | Sort-Object)
    [pscustomobject]@{
        Start  = $name
        Median = [Math]::Round($sorted[[Math]::Floor($sorted.Count / 2)])
        Least  = [Math]::Round($sorted[0])
        Most   = [Math]::Round($sorted[-1])
    }
}
$medians | Format-Table
"The import takes $($medians[1].Median - $medians[0].Median) ms by the medians, $($medians[1].Least - $medians[0].Least) by the least."
