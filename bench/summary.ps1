# What bench.ps1 makes of its runs: a table, JSON, and Markdown.

function Get-Statistics([double[]] $Values) {
    $sorted = [double[]]@($Values | Sort-Object)
    $middle = [int][Math]::Floor($sorted.Count / 2)
    $median = if ($sorted.Count % 2) { $sorted[$middle] } else { ($sorted[$middle - 1] + $sorted[$middle]) / 2 }
    [ordered]@{ Median = $median; Min = $sorted[0]; Max = $sorted[-1] }
}

function Format-Milliseconds($Statistics) {
    if (-not $Statistics) { return '' }
    '{0:n0} ({1:n0}–{2:n0})' -f ($Statistics.Median * 1000), ($Statistics.Min * 1000), ($Statistics.Max * 1000)
}

function Get-Property($Object, [string] $Name) {
    if ($Object.PSObject.Properties[$Name]) { $Object.$Name }
}

# One line for each workload, place and tool.
function Get-Summary([object[]] $Runs) {
    $groups = [ordered]@{}
    foreach ($run in $Runs) {
        if ($run.Round -eq 0) { continue }
        $key = "$($run.Workload)|$($run.Place)|$($run.Tool)"
        if (-not $groups.Contains($key)) { $groups[$key] = [Collections.Generic.List[object]]::new() }
        $groups[$key].Add($run)
    }
    foreach ($group in $groups.Values) {
        $frozen = @($group | ForEach-Object { Get-Property $_ 'FrozenMs' } | Where-Object { $null -ne $_ })
        [pscustomobject][ordered]@{
            Workload   = $group[0].Workload
            Place      = $group[0].Place
            Tool       = $group[0].Tool
            Runs       = $group.Count
            Checkpoint = Get-Statistics $group.SaveSeconds
            Restore    = Get-Statistics $group.RestoreSeconds
            FrozenMs   = if ($frozen) { Get-Statistics $frozen } else { $null }
            CheckpointPeakMiB = [Math]::Round(($group.SavePeakKiB | Measure-Object -Maximum).Maximum / 1024, 1)
            RestorePeakMiB    = [Math]::Round(($group.RestorePeakKiB | Measure-Object -Maximum).Maximum / 1024, 1)
            ImageMiB   = [Math]::Round($group[0].ImageBytes / 1MB, 2)
        }
    }
}

function Get-Ratio($Summary, $Line, [string] $What) {
    $peer = $Summary | Where-Object { $_.Tool -eq 'criu' -and $_.Workload -eq $Line.Workload -and $_.Place -eq $Line.Place }
    if ($peer -and $Line.Tool -ne 'criu') { '{0:n2}' -f ($Line.$What.Median / $peer.$What.Median) } else { '' }
}

function Write-Summary([string] $Runs, [string] $Folder) {
    $all = @(Get-Content $Runs | Where-Object { $_ } | ForEach-Object { $_ | ConvertFrom-Json })
    $summary = @(Get-Summary $all)
    $rows = foreach ($line in $summary) {
        [pscustomobject][ordered]@{
            'Workload'      = $line.Workload
            'Images on'     = $line.Place
            'Tool'          = $line.Tool
            'Checkpoint ms' = Format-Milliseconds $line.Checkpoint
            '÷ criu'        = Get-Ratio $summary $line 'Checkpoint'
            'Restore ms'    = Format-Milliseconds $line.Restore
            '÷ criu '       = Get-Ratio $summary $line 'Restore'
            'Stood still ms' = if ($line.FrozenMs) { '{0:n1} ({1:n1}–{2:n1})' -f $line.FrozenMs.Median, $line.FrozenMs.Min, $line.FrozenMs.Max } else { '' }
            'Peak MiB'      = '{0:n0} / {1:n0}' -f $line.CheckpointPeakMiB, $line.RestorePeakMiB
            'Image MiB'     = '{0:n1}' -f $line.ImageMiB
        }
    }
    $names = @($rows[0].PSObject.Properties.Name)
    $markdown = @(('| ' + ($names -join ' | ') + ' |'), ('|' + ('---|' * $names.Count)))
    $markdown += foreach ($row in $rows) { '| ' + (@($names | ForEach-Object { $row.$_ }) -join ' | ') + ' |' }
    $markdown | Set-Content (Join-Path $Folder 'summary.md')
    @{ Machine = Get-Machine; Summary = $summary } | ConvertTo-Json -Depth 6 | Set-Content (Join-Path $Folder 'summary.json')
    $markdown
}

function Get-Machine {
    $model = @([IO.File]::ReadAllLines('/proc/cpuinfo') | Where-Object { $_ -like 'model name*' })
    [ordered]@{
        Date = [DateTime]::UtcNow.ToString('yyyy-MM-dd HH:mm'); Kernel = [IO.File]::ReadAllText('/proc/sys/kernel/osrelease').Trim()
        Processors = [Environment]::ProcessorCount; Model = if ($model) { $model[0].Split(':')[1].Trim() } else { '' }
    }
}
