#Requires -Version 7.6
<#
.SYNOPSIS
Times checkpoint and restore of CrModule side by side with criu.
.DESCRIPTION
Makes each workload, saves and restores it with each tool in turn, round by round, and gives medians with the least and the
greatest. "engine" is the cmdlet in a warm shell, "command" the whole command from artifacts/shell/crshell, "criu" the whole
criu command. Each restored workload looks at its own state; a wrong one fails the run. The runs' figures are in
artifacts/bench/runs.jsonl, their summary in artifacts/bench/summary.json and summary.md.

Needs Linux, root, gcc and util-linux (unshare); python3 for the service. Without criu (on PATH, or -Criu) CrModule runs alone.
.EXAMPLE
build.ps1 -Task Bench
.EXAMPLE
bench/bench.ps1 -Workload children -Rounds 5 -Criu ~/criu/criu/criu
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 100)]
    [int] $Rounds = 3,

    # How often the engine runs each workload before its time counts. The other tools, which begin anew each time, do so once.
    [ValidateRange(1, 100)]
    [int] $WarmUps = 10,

    # A part of the names of the workloads to be run.
    [string] $Workload = '',

    # criu's program, when it is not on PATH; 'none' leaves it out.
    [string] $Criu = '',

    # Where images go: by default memory (tmpfs) and disk.
    [string[]] $Place = @('/dev/shm', '/var/tmp'),

    # Leaves out the whole commands, which take the longest.
    [switch] $EngineOnly,

    # Instead of the ordinary workloads: trees that grow, the engine alone, and a plot of each in artifacts/bench.
    [switch] $Scaling
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
. (Join-Path $PSScriptRoot 'summary.ps1')
. (Join-Path $PSScriptRoot 'plot.ps1')
if ($Scaling) { $WarmUps = 1; $EngineOnly = $true; $Criu = 'none'; $Place = @($Place[0]) }
$root = Split-Path $PSScriptRoot -Parent
$shell = Join-Path $root 'artifacts/shell/crshell'
$module = Join-Path $root 'artifacts/CrModule/CrModule.psd1'
foreach ($needed in $shell, $module) { if (-not (Test-Path $needed)) { throw "There is no $needed. Build it first: build.ps1." } }
foreach ($tool in 'gcc', 'unshare', 'python3') { if (-not (Get-Command $tool -CommandType Application -ErrorAction Ignore)) { throw "The benchmark needs $tool." } }
if ((id -u) -ne '0') { throw 'The benchmark needs root: it runs in a pid namespace of its own.' }

$tools = @('engine')
if (-not $EngineOnly) { $tools += 'command' }
if (-not $Criu) {
    $found = @(Get-Command criu -CommandType Application -ErrorAction Ignore)
    $Criu = if ($found.Count -gt 0) { $found[0].Path } else { 'none' }
}
if ($Criu -ne 'none') {
    & $Criu check *> $null
    if ($LASTEXITCODE -eq 0) { $tools += 'criu' } else { Write-Warning "'$Criu check' says that criu does not work on this kernel; it is left out." }
}

$output = Join-Path $root 'artifacts/bench'
$scratch = Join-Path ([IO.Path]::GetTempPath()) "crmodule-bench-$PID"
New-Item -ItemType Directory -Path $output -Force | Out-Null
New-Item -ItemType Directory -Path $scratch | Out-Null
try {
    $program = Join-Path $scratch 'workloads'
    gcc -O2 -pthread -o $program (Join-Path $PSScriptRoot 'workloads.c')
    if ($LASTEXITCODE -ne 0) { throw 'bench/workloads.c could not be compiled.' }
    # The interpreter itself: a launcher on PATH may be a script.
    $python = python3 -c 'import sys; print(sys.executable)'
    $service = Join-Path $PSScriptRoot 'service.py'
    $workloads = @(
        @{ Name = '1 GiB of random memory'; Command = @($program, 'memory', '1024'); Live = $false }
        @{ Name = '100 sleeping children'; Command = @($program, 'children', '100'); Live = $false }
        @{ Name = '500 sleeping children'; Command = @($program, 'children', '500'); Live = $false }
        @{ Name = '1,000 open files'; Command = @($program, 'files', '1000'); Live = $false }
        @{ Name = '200 threads'; Command = @($program, 'threads', '200'); Live = $false }
        @{ Name = 'service with a heap of 500 MB'; Command = @($python, $service, '500'); Live = $false }
        @{ Name = '1 GiB of random memory, left running'; Command = @($program, 'memory', '1024'); Live = $true }
    )
    if ($Scaling) {
        $limit = sh -c 'ulimit -Hn'
        $workloads = foreach ($kind in @{ Name = 'tasks'; Kind = 'children'; Sizes = 500, 1000, 2500, 5000 },
            @{ Name = 'mappings'; Kind = 'mappings'; Sizes = 2500, 5000, 10000, 20000 },
            @{ Name = 'descriptors'; Kind = 'files'; Sizes = 2500, 5000, 10000, 20000 }) {
            foreach ($wanted in $kind.Sizes) {
                $size = $wanted
                # Some descriptors are the program's and the restore's own.
                if ($kind.Kind -eq 'files' -and $limit -ne 'unlimited' -and $size -gt [long]$limit - 100) {
                    $size = [long]$limit - 100
                    Write-Warning "$size descriptors are measured for ${wanted}: the hard limit of open files is $limit."
                }
                @{ Name = "$($kind.Name) $size"; Command = @($program, $kind.Kind, "$size"); Live = $false }
            }
        }
    }
    $workloads = @($workloads).Where({ $_.Name -like "*$Workload*" })
    $runs = Join-Path $output 'runs.jsonl'
    Set-Content $runs $null
    $plan = Join-Path $scratch 'plan.json'
    @{
        Module = $module; Shell = $shell; Criu = $Criu; Tools = $tools; Places = $Place; Rounds = $Rounds; WarmUps = $WarmUps
        Workloads = $workloads; Scratch = $scratch; Runs = $runs; Stopwatch = $program
    } | ConvertTo-Json -Depth 5 | Set-Content $plan
    # An init that takes the ends of orphans at once; a /run of memory, where criu keeps what it learned of the kernel.
    $inner = "mount -t tmpfs none /run && '$shell' -NoProfile -File '$PSScriptRoot/measure.ps1' -PlanPath '$plan'; exit `$?"
    unshare --pid --mount --fork --mount-proc --propagation private --kill-child sh -c $inner
    if ($LASTEXITCODE -ne 0) { throw 'The measurement failed.' }
    Write-Summary -Runs $runs -Folder $output
    if ($Scaling) { Write-ScalingPlots -Runs $runs -Folder $output }
}
finally {
    Remove-Item $scratch -Recurse -Force -ErrorAction Ignore
}
