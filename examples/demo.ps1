#Requires -Version 7.6
<#
.SYNOPSIS
Checkpoints a running tree, ends it, and brings it back where it was.
.DESCRIPTION
Starts examples/demo-tree.sh: a shell pipeline with a counter, a zombie and some MB of state. Needs the module CrModule to be
imported or on PSModulePath. As root the tree comes back with its process ids; an ordinary user may not choose those, and so
gets it back in a pid namespace of its own, where they are the same.
Ends with an error if the tree did not go on exactly where it was.
#>
[CmdletBinding()]
param(
    # Where the image and the tree's output go; removed at the end. A new folder under the temporary one by default.
    [string] $Folder = (Join-Path ([IO.Path]::GetTempPath()) "crmodule-demo-$PID"),

    [ValidateRange(1, 1000)]
    [int] $StateMB = 4
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$log = Join-Path $Folder 'tree.log'
$image = Join-Path $Folder 'tree.cr'
$restoreOptions = @{}
if ((id -u) -ne '0') { $restoreOptions['NewPidNamespace'] = $true }

function Write-Step([string] $Text) { Write-Host "`n# $Text" -ForegroundColor Green }

function Get-Count {
    $last = Get-Content $log -Tail 1
    if ($last -match '^count (\d+),') { [int]$Matches[1] } else { 0 }
}

# Waits until the counter has reached a number, or for half a minute.
function Wait-Count([int] $Number) {
    foreach ($try in 1..300) {
        if ((Get-Count) -ge $Number) { return }
        Start-Sleep -Milliseconds 100
    }
    throw "The counter stands at $(Get-Count) and does not reach $Number."
}

# The tree is a session of its own (field 6 of proc_pid_stat(5), counted after the name, which may hold anything).
function Get-SessionId([int] $Session) {
    foreach ($name in Get-ChildItem /proc -Directory -Name) {
        if ($name -notmatch '^\d+$') { continue }
        $stat = Get-Content "/proc/$name/stat" -Raw -ErrorAction Ignore
        if ($stat -and [int](($stat -replace '^.*\) ' -split ' ')[3]) -eq $Session) { [int]$name }
    }
}

# The state letter of proc_pid_stat(5); empty where there is no such process.
function Get-State([int] $Id) {
    $stat = Get-Content "/proc/$Id/stat" -Raw -ErrorAction Ignore
    if ($stat) { ($stat -replace '^.*\) ').Substring(0, 1) } else { '' }
}

function Stop-Tree([int[]] $Ids) {
    foreach ($id in @($Ids) + @($Ids | ForEach-Object { Get-SessionId $_ })) {
        Stop-Process -Id $id -Force -ErrorAction Ignore
    }
}

New-Item -ItemType Directory -Path $Folder -Force | Out-Null
Set-Content $log ''
$ids = @()
try {
    Write-Step "A tree starts: a counter, a zombie, $StateMB MB of state"
    # setsid: away from this terminal, which is not part of the tree.
    $root = Start-Process setsid -ArgumentList 'bash', "`"$PSScriptRoot/demo-tree.sh`"", "`"$log`"", ($StateMB * 1MB) -PassThru
    $ids = @($root.Id)
    Wait-Count 10
    Get-Content $log -Tail 2

    Write-Step 'Checkpoint-ProcessTree -Stop'
    $saved = Checkpoint-ProcessTree -Id $root.Id -Path $image -Stop
    # The runtime would go on taking the number for that of its ended child; the tree is to come back under it.
    $root.Dispose()
    $saved | Format-List
    $before = Get-Count

    Write-Step 'Get-CrImageHeader'
    Get-CrImageHeader $image | Format-List

    Write-Step 'Get-CrImageTask -Tree'
    $tasks = @(Get-CrImageTask $image)
    Get-CrImageTask $image -Tree | Format-Table

    Write-Step 'The tree is gone'
    Start-Sleep -Seconds 1
    $left = @($tasks.VPid | Where-Object { (Get-State $_) -notin '', 'Z' })
    "$($left.Count) of its $($tasks.Count) processes run; the counter stands at $before."
    if ($left.Count -gt 0 -or (Get-Count) -ne $before) { throw 'The tree did not end.' }

    # A process id is free again only when init(1) has taken note that its process ended.
    foreach ($try in 1..100) {
        $taken = @($tasks.VPid | Where-Object { Get-State $_ })
        if ($taken.Count -eq 0) { break }
        Start-Sleep -Milliseconds 100
    }
    if ($taken.Count -gt 0) {
        'Process 1 of this machine does not take note of ended processes: their ids stay taken, so a fresh pid namespace is used.'
        $restoreOptions['NewPidNamespace'] = $true
    }

    Write-Step 'Restore-ProcessTree'
    $restored = Restore-ProcessTree $image @restoreOptions
    $ids = @($restored.Tasks.Id) + @($restored.NamespaceInitId | Where-Object { $_ })
    $restored | Format-Table
    Wait-Count ($before + 10)

    Write-Step 'It goes on where it was'
    $lines = @(Get-Content $log | Where-Object { $_ })
    $lines[($before - 3)..($before + 2)]

    # Each number once, in order, told to the same process and with all of the state.
    $tail = $lines[0] -replace '^count 1,', ''
    for ($i = 0; $i -lt $lines.Count; $i++) {
        if ($lines[$i] -ne "count $($i + 1),$tail") { throw "Line $($i + 1) should read 'count $($i + 1),$tail' and reads '$($lines[$i])'." }
    }
    $changed = Compare-Object $tasks.VPid $restored.Tasks.VPid
    if ($changed) { throw 'The process ids are not the same.' }
    # The counter's own sleep may have ended a moment before, too: with status 0, and not for long.
    $zombies = @($tasks | Where-Object { $_.State -eq 'Zombie' -and $_.ExitStatus -eq 7 })
    if ($zombies.Count -ne 1) { throw "There should be one zombie with exit status 7 in the image, and there are $($zombies.Count)." }
    Write-Host "`nThe same $($tasks.Count) process ids, $($lines.Count) numbers in order, none lost and none twice." -ForegroundColor Green
}
finally {
    Stop-Tree $ids
    Remove-Item $Folder -Recurse -Force -ErrorAction Ignore
}
