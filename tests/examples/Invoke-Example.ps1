#Requires -Version 7.6
<#
.SYNOPSIS
Types the examples of the commands' pages and tells which of them work.
.DESCRIPTION
Reads docs/cmdlets/*.md (or -Path). Each example runs in a folder of its own that holds what the pages speak of: a running
tree, its images, a key. Numbers and names that stand for the reader's own (process 4711, an address, a service) become those
of the tree. An example that writes an error or throws has failed, unless it is about one.
Writes one line for each example, and the number of those that failed. Below reap.py it takes a minute; where nobody waits at once
for what examples leave behind (the init of some containers looks only now and then), each example takes some seconds more.
#>
[CmdletBinding()]
param(
    [string[]] $Path = @(Get-ChildItem (Join-Path $PSScriptRoot '../../docs/cmdlets') -Filter *.md | Sort-Object Name | ForEach-Object FullName),

    # Only examples whose command's name matches.
    [string] $Command = '*',

    [string] $Folder = (Join-Path ([IO.Path]::GetTempPath()) "crmodule-examples-$PID"),

    [switch] $ShowOutput
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module CrModule

# The services that the pages speak of.
$services = 'web', 'redis-server', 'nginx', 'my-service'

# What the pages write for the reader's own values, and what it is here. {0} is the root's process id.
$words = @(
    @('ssh other ', 'sh -c '),
    @('-Seconds 60', '-Seconds 0'),
    @('^Invoke-CrImageFuzz ./web\.cr\s*$', 'Invoke-CrImageFuzz ./web.cr -Count 50'),
    @('-Duration 3600', '-Duration 2'),
    @('-Count 1000000', '-Count 50'),
    @('-Count 1000\b', '-Count 1'),
    @('-Count 100\b', '-Count 2'),
    @('-MaxTask 5000', '-MaxTask 500'),
    @('/run/web.pid', './web.pid'),
    @("'/run/feed'", "'./feed'"),
    @('IPAddress]::Any, 8080', 'IPAddress]::Any, 0'),
    @("'/var/log/web.log' = '/data/log/web.log'", '"$PWD/log/web.log" = "./data/web.log"'),
    @("'/data' = 'DATA'", '"$PWD/volume" = ''DATA'''),
    @("'/srv/data'", '"$PWD/safe"'),
    @("'1234/3'", "'4711/9'"),
    @('-EQ app', '-EQ examples')
)

# Ends everything that examples have left running; returns when no process of the names is there any more.
function Stop-Examples {
    Get-RunningExample | ForEach-Object { Wait-Gone $_ }
}

function Get-RunningExample {
    foreach ($process in Get-Process) {
        $program = try { [IO.File]::ResolveLinkTarget("/proc/$($process.Id)/exe", $false).FullName } catch { '' }
        if ($program.StartsWith("$Folder/bin/")) {
            Stop-Process -Id $process.Id -Force -ErrorAction Ignore
            $process.Id
        }
    }
}

# A tree of a shell and two workers, away from this terminal; returns the root's id when all of it is there. It lives long
# enough, or until there is a file.
# A volume is a folder on which it has something mounted that nobody else sees.
function Start-Example([string] $Name, [string] $Until = '', [string] $Awaited = 'last', [string] $Volume = '') {
    $command = @("$Folder/bin/start", $Name, $Folder, $Until) -ne ''
    if ($Volume) { $command = @('unshare', '-m', 'sh', '-c', "`"mount -t tmpfs none '$Volume' && exec $command`"") }
    $root = Start-Process $command[0] -ArgumentList $command[1..($command.Count - 1)] -PassThru
    $id = $root.Id
    $root.Dispose() # else the runtime goes on taking the number for that of its child
    foreach ($try in 1..3000) {
        if (@(Get-ProcessTree -Id $id -ErrorAction Ignore | Where-Object Comm -EQ $Awaited).Count -gt 0) { return $id }
        Start-Sleep -Milliseconds 20
    }
    throw "The tree of $id did not come up."
}

# A process in the middle of a pipeline whose ends are not its own, and a FIFO to feed it later.
function Start-Filter {
    mkfifo ./feed
    setsid bash -c "for f in /proc/`$`$/fd/*; do f=`${f##*/}; if [ `"`$f`" -gt 2 ]; then eval `"exec `$f<&-`"; fi; done 2>/dev/null; exec </dev/null >/dev/null 2>&1; $Folder/bin/worker 1000 | $Folder/bin/filter 2>/dev/null | $Folder/bin/last 1000 &"
    foreach ($try in 1..3000) {
        $filter = @(Get-Process filter -ErrorAction Ignore | Where-Object { [IO.File]::ResolveLinkTarget("/proc/$($_.Id)/exe", $false).FullName -eq "$Folder/bin/filter" })
        if ($filter.Count -eq 1) { return $filter[0].Id }
        Start-Sleep -Milliseconds 20
    }
    throw 'The filter did not come up.'
}

# A program with a log file and a listening socket.
function Start-Listener {
    New-Item -ItemType Directory ./log, ./data | Out-Null
    Set-Content ./data/web.log 'moved'
    $ready = Join-Path $PWD 'ready'
    $root = Start-Process setsid -ArgumentList 'python3', '-c', "`"import socket,os,time; s=socket.socket(); s.bind(('0.0.0.0',0)); s.listen(); os.dup2(s.fileno(),9); l=open('$PWD/log/web.log','a'); d=os.open('/dev/null',2); [os.dup2(d,n) for n in (0,1,2)]; os.close(d); [os.close(int(n)) for n in os.listdir('/proc/self/fd') if int(n)>2 and int(n) not in (9,l.fileno()) and os.path.exists('/proc/self/fd/'+n)]; open('$ready','w').close(); time.sleep(1000)`"" -PassThru
    $id = $root.Id
    $root.Dispose()
    foreach ($try in 1..3000) {
        if (Test-Path $ready) { return $id }
        Start-Sleep -Milliseconds 20
    }
    throw 'The listener did not come up.'
}

# A tree in a mount namespace of its own.
function Start-Box {
    New-Item -ItemType Directory ./volume | Out-Null
    Start-Example web -Volume "$PWD/volume"
}

function Wait-Gone([int] $Id) {
    foreach ($try in 1..3000) {
        if (-not (Test-Path "/proc/$Id")) { return }
        Start-Sleep -Milliseconds 20
    }
    throw "Process $Id did not go."
}

# What the example's folder holds before it is typed.
function Initialize-Example([string] $Code, [int] $Id) {
    [IO.File]::WriteAllBytes("$PWD/key", [byte[]](1..32))
    Copy-Item ./key ./old
    [IO.File]::WriteAllBytes("$PWD/new", [byte[]](2..33))
    New-Item -ItemType Directory images, cores, reports, safe | Out-Null
    if ($Code -match '(web|job|before|after)\.cr|images/') {
        foreach ($image in 'before.cr', 'after.cr', 'images/first.cr', 'images/second.cr') { Checkpoint-ProcessTree -Id $Id -Path "./$image" | Out-Null }
        $keyed = @{}
        if ($Code -match 'Unprotect-CrImage \S+ \S+ -KeyFile ./(key|old)') { $keyed.KeyFile = "./$($Matches[1])" }
        if ($Code -match 'Unprotect-CrImage .*-Passphrase') { $keyed.Passphrase = Read-Host 'Passphrase' -AsSecureString }
        Checkpoint-ProcessTree -Id $Id -Path ./web.cr @keyed | Out-Null
        if ($Code -match '(web|job)\.cr' -and $Code -match 'Restore-ProcessTree ./(web|job)\.cr(?!.*-NewPid)') {
            # What is to be restored under its own ids has ended before.
            Remove-Item ./web.cr
            Checkpoint-ProcessTree -Id $Id -Path ./web.cr -Stop @keyed | Out-Null
            Wait-Gone $Id
        }
        if ($Code -match 'job\.cr') {
            $job = Start-Example web "$PWD/done"
            Checkpoint-ProcessTree -Id $job -Path ./job.cr -Stop | Out-Null
            Wait-Gone $job
            Set-Content ./done ''
        }
        if ($Code -match 'Checkpoint-ProcessTree .*web\.cr') { Remove-Item ./web.cr }
    }
}

# The example with the reader's own values in it.
function Get-Code([string] $Code, [int] $Id) {
    foreach ($pair in $words) { $Code = $Code -replace $pair[0], $pair[1] }
    if ($Code -match '0x(7ffd|55d0)') {
        $stack = Get-CrImageMapping ./web.cr -VPid $Id -Name '[[]stack]'
        $heap = Get-CrImageMapping ./web.cr -VPid $Id -Name '[[]heap]'
        $Code = $Code -replace '0x7ffd\w+', ('0x{0:x}' -f ($stack.End - 4096)) -replace '0x55d0\w+', ('0x{0:x}' -f $heap.Start) -replace '-Comm worker -Address', '-Comm web -Address'
    }
    # A service of the name may run here, too, and is not the reader's.
    $Code -replace '\b4711\b', $Id -replace 'Get-Process (redis-server|nginx|my-service)\b', "Get-Process -Id $Id"
}

# Shadows of what would ask a person or open a window.
function Read-Host([string] $Prompt, [switch] $AsSecureString) {
    $secret = [securestring]::new()
    'not so secret'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
    $secret
}
function Invoke-Item { process { if (-not (Test-Path -LiteralPath "$_")) { throw 'There is nothing to open.' } } }

function Invoke-Example([string] $Name, [string] $Code) {
    $here = Join-Path $Folder ([guid]::NewGuid().ToString('n'))
    New-Item -ItemType Directory $here | Out-Null
    Push-Location $here
    $failure = $null
    try {
        $service = if ($Code -match 'Get-Process (redis-server|nginx|my-service)') { $Matches[1] } else { 'web' }
        $root = if ($Code -match '\$filter') { Start-Filter } elseif ($Code -match '\$listener') { Start-Listener } elseif ($Code -match '-ExternalMount') { Start-Box } else { Start-Example $service }
        Initialize-Example $Code $root
        $typed = Get-Code $Code $root
        # What a page's example takes from its reader's session.
        $variables = @{ id = $root; filter = [pscustomobject]@{ Id = $root }; path = "$here/x.cr"; password = 'hunter2'; token = 'abcdef'; secret = 'nowhere to be found, this one' }
        if ($typed -match '^\$trees? \|') { $variables.tree = $variables.trees = New-CrTreePlan -Seed 3 | Start-CrTree }
        # An error ends no line of a reader's session; each is looked at afterwards.
        $text = "param(`$variables) `$ErrorActionPreference = 'Continue'; foreach (`$v in `$variables.GetEnumerator()) { Set-Variable `$v.Key `$v.Value }`n$typed"
        $output = & ([scriptblock]::Create($text)) $variables 2>&1 3>$null 6>$null
        # What is waited for, or stopped, may have ended by itself a moment before.
        $errors = @($output | Where-Object { $_ -is [Management.Automation.ErrorRecord] -and $_.FullyQualifiedErrorId -notlike 'NativeCommand*' -and
                $_.FullyQualifiedErrorId -notmatch '^NoProcessFoundForGivenId,.*(Wait|Stop)Process' })
        if ($errors.Count -gt 0) { $failure = $errors[0] }
        if ($ShowOutput) { $output | Out-String | Write-Host }
        if ($variables.ContainsKey('trees')) { $variables.trees | Stop-CrTree }
    }
    catch { $failure = $_ }
    finally {
        Stop-Examples
        Pop-Location
    }
    [pscustomobject]@{ Name = $Name; Passed = $null -eq $failure; Failure = "$failure" }
}

New-Item -ItemType Directory "$Folder/bin" -Force | Out-Null
try {
    # The name of a process is that of its program's file: services are shells, and workers sleep.
    foreach ($name in $services) { Copy-Item /bin/bash "$Folder/bin/$name" }
    foreach ($name in 'worker', 'last') { Copy-Item /bin/sleep "$Folder/bin/$name" }
    Copy-Item /bin/cat "$Folder/bin/filter"
    Set-Content "$Folder/bin/start" @'
#!/bin/bash
# What whoever runs this has open (a lock, for one) is no part of the tree.
for f in /proc/$$/fd/*; do f=${f##*/}; if [ "$f" -gt 2 ]; then eval "exec $f<&-"; fi; done 2>/dev/null
exec setsid "$2/bin/$1" "$2/bin/tree" "$2" "$3" </dev/null >/dev/null 2>&1
'@
    Set-Content "$Folder/bin/tree" @'
state=$(head -c 300000 /dev/urandom | base64 -w0)
if [ -n "$2" ]; then
    "$1/bin/last" 0.05
    until [ -e "$2" ]; do "$1/bin/last" 0.05; done
    exit
fi
"$1/bin/worker" 1000 &
"$1/bin/worker" 1000 &
"$1/bin/last" 1000 &
wait
'@
    chmod 755 "$Folder/bin/start" "$Folder/bin/tree"
    $count = 0; $failed = 0
    foreach ($page in $Path) {
        $subject = [IO.Path]::GetFileNameWithoutExtension($page)
        if ($subject -notlike $Command) { continue }
        foreach ($match in [regex]::Matches([IO.File]::ReadAllText($page), '### (Example \d+: [^\n]*)\n\n```powershell\n(.*?)```', 'Singleline')) {
            $count++
            $result = Invoke-Example $match.Groups[1].Value $match.Groups[2].Value
            if (-not $result.Passed) { $failed++ }
            "$(if ($result.Passed) { 'works ' } else { 'FAILED' }) $subject, $($result.Name)$(if (-not $result.Passed) { ": $($result.Failure)" })"
        }
    }
    "$count examples, $failed failed"
}
finally {
    Stop-Examples
    Remove-Item $Folder -Recurse -Force -ErrorAction Ignore
}
if ($failed -gt 0) { exit 1 }
