# What every file of tests begins with: the module, a folder, and process trees in a session of their own, without descriptors
# of the test run's.

if (-not (Get-Module CrModule)) { Import-Module $PSScriptRoot/../../artifacts/CrModule/CrModule.psd1 }

$script:Detach = @'
for f in /proc/$$/fd/*; do f=${f##*/}; if [ "$f" -gt 2 ]; then eval "exec $f<&-"; fi; done 2>/dev/null
exec setsid "$@" </dev/null >/dev/null 2>&1
'@

# A folder that goes with the test run; its full path.
function New-TestFolder {
    param([string] $Name = [guid]::NewGuid())
    (New-Item -ItemType Directory (Join-Path $TestDrive $Name)).FullName
}

# Starts a bash script as a tree's root, and returns its process when the file $READY, which the script sees, has text.
function Start-TestTree {
    param([string] $Folder, [string] $Script)
    $ready = Join-Path $Folder 'ready'
    $start = [System.Diagnostics.ProcessStartInfo]::new('/bin/bash')
    foreach ($argument in '-c', $script:Detach, 'detach', 'bash', '-c', "READY='$ready'; cd /; $Script") { $start.ArgumentList.Add($argument) }
    $process = [System.Diagnostics.Process]::Start($start)
    Wait-Until { (Test-Path $ready) -and (Get-Item $ready).Length -gt 0 }
    $process
}

function Wait-Until {
    param([scriptblock] $Condition)
    for ($i = 0; $i -lt 2000; $i++) {
        if (& $Condition) { return }
        Start-Sleep -Milliseconds 10
    }
    throw "Not so in time: $Condition"
}

# Ends processes that the tests have started or restored, with their descendants, by their ids.
function Stop-TestTree {
    param([int[]] $Id)
    foreach ($one in $Id) {
        try { [System.Diagnostics.Process]::GetProcessById($one).Kill($true) } catch [System.ArgumentException], [System.InvalidOperationException] { Write-Debug "$one has ended." }
    }
}
