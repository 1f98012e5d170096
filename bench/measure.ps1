#Requires -Version 7.6
<#
.SYNOPSIS
The inner half of bench.ps1: runs one workload again and again, tool by tool in turn, and writes a line of JSON for each run.
.DESCRIPTION
Runs where the pids of the tree are free again once it has ended: in a pid namespace of its own, as bench.ps1 starts it.
Every restored tree checks its own state; one that is not what it was ends the measurement with an error.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [string] $PlanPath # JSON: see bench.ps1
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$plan = Get-Content $PlanPath -Raw | ConvertFrom-Json
Import-Module $plan.Module
$scratch = $plan.Scratch

function Wait-For([string] $What, [scriptblock] $Condition, [int] $Seconds = 120) {
    $watch = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($watch.Elapsed.TotalSeconds -gt $Seconds) { throw "$What did not come within $Seconds s." }
        [Threading.Thread]::Sleep(5)
    }
}

function Get-Tree([int] $Root) {
    $found = [Collections.Generic.List[int]]::new()
    $found.Add($Root)
    for ($i = 0; $i -lt $found.Count; $i++) {
        foreach ($children in [IO.Directory]::GetDirectories("/proc/$($found[$i])/task")) {
            foreach ($child in [IO.File]::ReadAllText("$children/children").Split(' ', [StringSplitOptions]::RemoveEmptyEntries)) { $found.Add([int]$child) }
        }
    }
    $found
}

function Wait-Gone([int[]] $Ids) {
    Wait-For 'The end of the tree' { -not $Ids.Where({ [IO.Directory]::Exists("/proc/$_") }, 'First') }
}

function Start-Workload($Workload, [string] $Folder) {
    [IO.Directory]::CreateDirectory($Folder) | Out-Null
    $arguments = @($Workload.Command[1..($Workload.Command.Count - 1)]) + $Folder
    & $Workload.Command[0] @arguments
    if ($LASTEXITCODE -ne 0) { throw "The workload '$($Workload.Name)' could not be started." }
    Wait-For $Workload.Name { [IO.File]::Exists("$Folder/ready") }
    [int][IO.File]::ReadAllText("$Folder/ready")
}

# What the tree says of itself: throws unless all is as it was; the longest time without a heartbeat in milliseconds.
function Get-Verdict([string] $Name, [int] $Root, [string] $Folder) {
    [IO.File]::Delete("$Folder/verdict")
    sh -c "kill -USR1 $Root"
    Wait-For "The verdict of '$Name'" { [IO.File]::Exists("$Folder/verdict") }
    $lines = [IO.File]::ReadAllLines("$Folder/verdict")
    if ($lines[0] -ne 'OK') { throw "'$Name': $($lines[0])." }
    [long]$lines[1] / 1000
}

function Get-PeakKiB {
    foreach ($line in [IO.File]::ReadAllLines('/proc/self/status')) {
        if ($line.StartsWith('VmHWM:')) { return [long]($line -replace '[^0-9]') }
    }
}

# A cmdlet in this warm shell. Writing 5 to clear_refs starts the peak of resident memory anew (proc_pid_clear_refs(5)).
function Measure-Cmdlet([scriptblock] $Block) {
    [GC]::Collect()
    [IO.File]::WriteAllText('/proc/self/clear_refs', '5')
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $result = & $Block
    @{ Seconds = $watch.Elapsed.TotalSeconds; PeakKiB = Get-PeakKiB; Result = $result }
}

function Measure-Process([string[]] $Command) {
    $report = "$scratch/report"
    & $plan.Stopwatch time $report @Command *> "$scratch/output"
    $exit, $microseconds, $peak = [IO.File]::ReadAllText($report).Trim().Split(' ')
    if ($exit -ne '0') { throw "$($Command[0..2]) … ended with $($exit): $(Get-Content "$scratch/output" -Raw)" }
    @{ Seconds = [long]$microseconds / 1e6; PeakKiB = [long]$peak; Result = $null }
}

function Get-Bytes([string] $Folder) {
    $sum = 0L
    foreach ($file in [IO.Directory]::GetFiles($Folder)) { if ($file -notlike '*.log') { $sum += [IO.FileInfo]::new($file).Length } }
    $sum
}

$crshell = @($plan.Shell, '-NoProfile', '-Command')
$tools = @{
    'engine'  = @{
        Save    = { param($id, $folder) Measure-Cmdlet { Checkpoint-ProcessTree -Id $id -Path "$folder/image.cr" -Stop } }
        Restore = { param($folder) Measure-Cmdlet { Restore-ProcessTree "$folder/image.cr" } }
        Live    = { param($id, $folder) Measure-Cmdlet { Checkpoint-ProcessTree -Id $id -Path "$folder/image.cr" } }
    }
    'command' = @{
        Save    = { param($id, $folder) Measure-Process ($crshell + "Import-Module '$($plan.Module)'; Checkpoint-ProcessTree -Id $id -Path '$folder/image.cr' -Stop") }
        Restore = { param($folder) Measure-Process ($crshell + "Import-Module '$($plan.Module)'; Restore-ProcessTree '$folder/image.cr'") }
    }
    'criu'    = @{
        Save    = { param($id, $folder) Measure-Process @($plan.Criu, 'dump', '-t', "$id", '-D', $folder, '-o', 'dump.log', '-v0') }
        Restore = { param($folder) Measure-Process @($plan.Criu, 'restore', '-D', $folder, '-o', 'restore.log', '-v0', '-d') }
        Live    = { param($id, $folder) Measure-Process @($plan.Criu, 'dump', '-t', "$id", '-D', $folder, '-o', 'dump.log', '-v0', '--leave-running') }
    }
}

function Measure-Run($Workload, [string] $Tool, [string] $Place, [int] $Round) {
    $folder = "$scratch/state"
    $images = Join-Path $Place "crmodule-bench-$PID"
    $ids = @()
    [IO.Directory]::CreateDirectory($images) | Out-Null
    try {
        $root = Start-Workload $Workload $folder
        $ids = @(Get-Tree $root)
        $run = [ordered]@{ Workload = $Workload.Name; Tool = $Tool; Place = $Place; Round = $Round; Tasks = $ids.Count }
        if ($Workload.Live) {
            Get-Verdict $Workload.Name $root $folder | Out-Null
            $live = & $tools[$Tool].Live $root $images
            $run.FrozenMs = Get-Verdict $Workload.Name $root $folder
            $run.SaveSeconds = $live.Seconds; $run.SavePeakKiB = $live.PeakKiB
            if ($live.Result) { $run.ToolFrozenMs = $live.Result.Frozen.TotalMilliseconds }
            $run.ImageBytes = Get-Bytes $images
            foreach ($id in $ids) { [Diagnostics.Process]::GetProcessById($id).Kill() }
        }
        else {
            $saved = & $tools[$Tool].Save $root $images
            $run.SaveSeconds = $saved.Seconds; $run.SavePeakKiB = $saved.PeakKiB
            if ($saved.Result) { $run.ToolFrozenMs = $saved.Result.Frozen.TotalMilliseconds }
            $run.ImageBytes = Get-Bytes $images
        }
        Wait-Gone $ids
        [Threading.Thread]::Sleep(100) # A number stays taken for some milliseconds more.
        $restored = & $tools[$Tool].Restore $images
        $run.RestoreSeconds = $restored.Seconds; $run.RestorePeakKiB = $restored.PeakKiB
        Get-Verdict $Workload.Name $root $folder | Out-Null
        [IO.File]::AppendAllText($plan.Runs, ((New-Object PSObject -Property $run) | ConvertTo-Json -Compress) + "`n")
    }
    finally {
        foreach ($id in $ids) { try { [Diagnostics.Process]::GetProcessById($id).Kill() } catch [ArgumentException] { } catch [InvalidOperationException] { } }
        Wait-Gone $ids
        [IO.Directory]::Delete($images, $true)
        if ([IO.Directory]::Exists($folder)) { [IO.Directory]::Delete($folder, $true) }
    }
}

foreach ($workload in $plan.Workloads) {
    $mine = @($plan.Tools | Where-Object { -not $workload.Live -or $_ -ne 'command' })
    foreach ($place in $plan.Places) {
        # A shell is warm when its runtime has done with compiling what is used often, which takes more than one run.
        for ($time = 1; $time -lt $plan.WarmUps; $time++) { Measure-Run $workload 'engine' $place 0 }
        # Round 0 warms all tools' caches up and does not count.
        foreach ($round in 0..$plan.Rounds) {
            foreach ($tool in $mine) { Measure-Run $workload $tool $place $round }
        }
    }
}
