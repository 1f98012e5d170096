#Requires -Version 7.4
<#
.SYNOPSIS
How long a checkpoint and a restore take, and for how much of it the tree stands still.
.DESCRIPTION
Runs each workload several times in this shell (the first run of all is thrown away: it loads the code), checks after every
restore that the program's state is what it was, and gives medians with least and greatest. Times are in milliseconds.
#>
[CmdletBinding()]
param(
    [ValidateRange(1, 100)]
    [int] $Runs = 5,

    # Where the images go. By default memory (tmpfs), so that no disk is measured.
    [string] $Folder = '/dev/shm'
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$workloads = @(
    @{ Name = '100 MiB of random memory'; Arguments = 'memory', 100 }
    @{ Name = '1 GiB of random memory'; Arguments = 'memory', 1024 }
    @{ Name = '100 sleeping children'; Arguments = 'children', 100 }
    @{ Name = '500 sleeping children'; Arguments = 'children', 500 }
)
$scratch = Join-Path $Folder "crmodule-bench-$PID"

function Wait-File([string] $Path, [string] $What) {
    foreach ($try in 1..600) {
        if (Test-Path $Path) { return }
        Start-Sleep -Milliseconds 100
    }
    throw "$What did not come within a minute."
}

# Until init has taken note of the ended processes, their ids are taken.
function Wait-Gone([int[]] $Ids) {
    foreach ($try in 1..600) {
        $Ids = @($Ids | Where-Object { Test-Path "/proc/$_" })
        if ($Ids.Count -eq 0) { return }
        Start-Sleep -Milliseconds 100
    }
    throw "$($Ids.Count) ended processes still have their ids after a minute."
}

function Measure-Once([hashtable] $Workload) {
    $ready = Join-Path $scratch 'ready'; $result = Join-Path $scratch 'result'; $image = Join-Path $scratch 'image.cr'
    Remove-Item $ready, $result, $image -ErrorAction Ignore
    $ids = @()
    try {
        $root = Start-Process python3 -ArgumentList (@("`"$PSScriptRoot/workloads.py`"") + $Workload.Arguments + "`"$ready`"", "`"$result`"") -PassThru
        $ids = @($root.Id)
        Wait-File $ready $Workload.Name
        $saved = Checkpoint-ProcessTree -Id $root.Id -Path $image -Stop
        $id = $root.Id
        $root.Dispose() # The runtime would go on taking the number for that of its ended child.
        $ids = @((Get-CrImageTask $image).VPid)
        Wait-Gone $ids
        $restored = Restore-ProcessTree $image
        sh -c "kill -USR1 $id"
        Wait-File $result "The check of $($Workload.Name)"
        $said = Get-Content $result -Raw
        if ($said -ne 'OK') { throw "After the restore of '$($Workload.Name)': $said." }
        @{
            Checkpoint = $saved.Duration.TotalMilliseconds
            Frozen     = $saved.Frozen.TotalMilliseconds
            Restore    = $restored.Duration.TotalMilliseconds
            MiB        = $saved.Length / 1MB
        }
    }
    finally {
        foreach ($id in $ids) { Stop-Process -Id $id -Force -ErrorAction Ignore }
        Wait-Gone $ids
    }
}

function Format-Sample([double[]] $Values) {
    $sorted = @($Values | Sort-Object)
    '{0:n0} ({1:n0}–{2:n0})' -f $sorted[[int][Math]::Floor($sorted.Count / 2)], $sorted[0], $sorted[-1]
}

New-Item -ItemType Directory -Path $scratch | Out-Null
try {
    Measure-Once $workloads[0] | Out-Null
    foreach ($workload in $workloads) {
        $samples = @(foreach ($run in 1..$Runs) { Measure-Once $workload })
        [pscustomobject]@{
            Workload       = $workload.Name
            'Checkpoint ms' = Format-Sample $samples.Checkpoint
            'Frozen ms'    = Format-Sample $samples.Frozen
            'Restore ms'   = Format-Sample $samples.Restore
            'Image MiB'    = '{0:n0}' -f $samples[0].MiB
        }
    }
}
finally {
    Remove-Item $scratch -Recurse -Force -ErrorAction Ignore
}
