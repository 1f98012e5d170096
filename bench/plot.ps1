# Draws the times of growing trees as one SVG: a line for each workload and direction, both axes from 0.

function Write-Plot([object[]] $Lines, [string] $Path, [string] $XLabel) {
    $width, $height, $left, $bottom = 760, 420, 70, 60
    $mx = ($Lines | ForEach-Object { $_.Points } | ForEach-Object { $_.X } | Measure-Object -Maximum).Maximum
    $my = ($Lines | ForEach-Object { $_.Points } | ForEach-Object { $_.Y } | Measure-Object -Maximum).Maximum * 1.05
    $invariant = [Globalization.CultureInfo]::InvariantCulture
    $x = { param($v) ($left + ($width - $left - 180) * $v / $mx).ToString('0.#', $invariant) }
    $y = { param($v) ($height - $bottom - ($height - $bottom - 20) * $v / $my).ToString('0.#', $invariant) }
    $colors = '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'
    $svg = [Collections.Generic.List[string]]::new()
    $svg.Add("<svg xmlns=`"http://www.w3.org/2000/svg`" viewBox=`"0 0 $width $height`" font-family=`"sans-serif`" font-size=`"12`">")
    $svg.Add("<rect width=`"$width`" height=`"$height`" fill=`"white`"/>")
    foreach ($i in 0..4) {
        $vx = $mx * $i / 4; $vy = $my * $i / 4
        $svg.Add("<line x1=`"$left`" x2=`"$($width - 180)`" y1=`"$(& $y $vy)`" y2=`"$(& $y $vy)`" stroke=`"#ddd`"/>")
        $svg.Add("<text x=`"$($left - 8)`" y=`"$(& $y $vy)`" text-anchor=`"end`" dominant-baseline=`"middle`">$(($vy).ToString('0.##', $invariant)) s</text>")
        $svg.Add("<text x=`"$(& $x $vx)`" y=`"$($height - $bottom + 20)`" text-anchor=`"middle`">$([long]$vx)</text>")
    }
    $svg.Add("<text x=`"$(& $x ($mx / 2))`" y=`"$($height - 12)`" text-anchor=`"middle`">$XLabel</text>")
    $n = 0
    foreach ($line in $Lines) {
        $color = $colors[$n % $colors.Count]
        $points = ($line.Points | Sort-Object X | ForEach-Object { "$(& $x $_.X),$(& $y $_.Y)" }) -join ' '
        $svg.Add("<polyline points=`"$points`" fill=`"none`" stroke=`"$color`" stroke-width=`"2`"/>")
        foreach ($point in $line.Points) { $svg.Add("<circle cx=`"$(& $x $point.X)`" cy=`"$(& $y $point.Y)`" r=`"3`" fill=`"$color`"/>") }
        $svg.Add("<text x=`"$($width - 170)`" y=`"$(30 + 18 * $n)`" fill=`"$color`">$($line.Name)</text>")
        $n++
    }
    $svg.Add('</svg>')
    $svg | Set-Content $Path
}

# The runs of bench.ps1 -Scaling: workloads are called "NAME COUNT".
function Write-ScalingPlots([string] $Runs, [string] $Folder) {
    $all = @(Get-Content $Runs | Where-Object { $_ } | ForEach-Object { $_ | ConvertFrom-Json } | Where-Object { $_.Round -gt 0 -and $_.Tool -eq 'engine' })
    foreach ($group in $all | Group-Object { $_.Workload -replace ' \d+$' }) {
        $lines = foreach ($what in 'Save', 'Restore') {
            $points = foreach ($size in $group.Group | Group-Object Workload) {
                # The least: what else the machine does can only add to it.
                @{ X = [long]($size.Name -replace '^.* '); Y = ($size.Group | ForEach-Object { $_."${what}Seconds" } | Measure-Object -Minimum).Minimum }
            }
            @{ Name = if ($what -eq 'Save') { 'checkpoint' } else { 'restore' }; Points = @($points | ForEach-Object { [pscustomobject]$_ }) }
        }
        Write-Plot $lines (Join-Path $Folder "scaling-$($group.Name).svg") $group.Name
    }
}
