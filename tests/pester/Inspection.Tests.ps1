BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder images
    $image = Join-Path $folder 'a.cr'
    $tree = Start-TestTree $folder 'secret="the treasure ""is here"; exec 7</etc/hostname; sleep 600 | cat & echo > $READY; wait'
    Wait-Until { (Get-ChildItem "/proc/$($tree.Id)/task/$($tree.Id)").Count -gt 0 -and (Get-Content "/proc/$($tree.Id)/task/$($tree.Id)/children").Trim().Split(' ').Count -eq 2 }
    Wait-Until { -not ((Get-Content "/proc/$($tree.Id)/task/$($tree.Id)/children").Trim().Split(' ') | Where-Object { (Get-Content "/proc/$_/comm") -eq 'bash' }) }
    Checkpoint-ProcessTree -Id $tree.Id -Path $image | Out-Null
}
AfterAll {
    Stop-TestTree $tree.Id
}

Describe 'Get-CrImageRecord' {
    It 'lists records with their place and owner' {
        $records = Get-CrImageRecord $image
        $records[0].Name | Should -Be 'HEAD'
        ($records | Where-Object Name -EQ 'TASK').Count | Should -Be 3
        ($records | Where-Object Name -EQ 'CPU')[0].Record.Registers.Rip | Should -BeGreaterThan 0
    }
    It 'gives raw bytes on request' {
        $head = Get-CrImageRecord $image -Name HEAD -Raw
        $head.Raw.Length | Should -Be $head.Length
    }
    It 'writes all of a record as JSON, its bytes as hexadecimal text' {
        $json = Get-CrImageRecord $image | ConvertTo-Json -Depth 8
        $json | Should -Not -Match '"Span"'
        ($json | ConvertFrom-Json | Where-Object Name -EQ 'STRING')[0].Record.Text | Should -Be 'bash'
        ($json | ConvertFrom-Json | Where-Object Name -EQ 'CPU')[0].Record.Xstate | Should -Match '^([0-9a-f]{2}){512,}$'
    }
    It 'takes tasks from the pipeline' {
        $names = Get-CrImageTask $image -VPid $tree.Id | Get-CrImageRecord -Name 'F*' | ForEach-Object Name
        $names | Should -Contain 'FILES'
    }
    It 'reports a damaged image' {
        $bytes = [IO.File]::ReadAllBytes($image); $bytes[400] = $bytes[400] -bxor 1
        [IO.File]::WriteAllBytes("$folder/broken.bin", $bytes)
        Get-CrImageRecord "$folder/broken.bin" -ErrorVariable failed -ErrorAction SilentlyContinue | Out-Null
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
    }
}

Describe 'Get-CrImageMapping' {
    It 'finds heap and stack' {
        (Get-CrImageMapping $image -VPid $tree.Id -Name '[heap]', '[stack]').Rights | Should -Be 'rw-p', 'rw-p'
    }
    It 'finds the mapping of an address' {
        $stack = Get-CrImageMapping $image -VPid $tree.Id -Name '[stack]'
        (Get-CrImageMapping $image -VPid $tree.Id -Address ($stack.Start + 1)).Name | Should -Be '[stack]'
    }
    It 'reports a task that is not there' {
        Get-CrImageMapping $image -VPid 4194303 -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'CrTaskNotFound,CrModule.Commands.GetCrImageMappingCommand'
    }
}

Describe 'Get-CrImageFile' {
    It 'tells files and the ends of pipes' {
        $file = Get-CrImageFile $image -VPid $tree.Id -Type File
        $file.Name | Should -Be '/etc/hostname'
        $file.Fd | Should -Be 7
        $pipes = Get-CrImageFile $image -Type Pipe
        $pipes.Count | Should -Be 2
        $pipes[0].Details | Should -BeLike "with $($pipes[1].VPid):*"
    }
    It 'takes names with wildcards' {
        (Get-CrImageFile $image -Name '/etc/*' -Comm bash).Count | Should -Be 1
    }
}

Describe 'Search-CrImageMemory and Read-CrImageMemory' {
    It 'find and read text' {
        $match = Search-CrImageMemory $image -Text 'The Treasure is here' | Select-Object -First 1
        $match.VPid | Should -BeIn (Get-CrImageTask $image).VPid
        $read = Read-CrImageMemory $image -VPid $match.VPid -Address $match.Address -Length 12
        [Text.Encoding]::ASCII.GetString($read.Bytes) | Should -Be 'the treasure'
        $read.HexDump | Should -Match '74 68 65 20'
    }
    It 'finds nothing with the wrong case when case counts' {
        Search-CrImageMemory $image -Text 'THE treasure is' -CaseSensitive | Should -BeNullOrEmpty
    }
    It 'finds expressions' {
        (Search-CrImageMemory $image -Regex 'treasure\x20is\x20h[a-z]re').Count | Should -BeGreaterThan 0
    }
    It 'writes raw bytes' {
        $bytes = Get-CrImageMapping $image -VPid $tree.Id -Name '[stack]' | Read-CrImageMemory -Raw | ForEach-Object Length | Measure-Object -Sum
        $bytes.Sum | Should -Be (Get-CrImageMapping $image -VPid $tree.Id -Name '[stack]').Length
    }
    It 'reports what is not mapped' {
        { Read-CrImageMemory $image -VPid $tree.Id -Address 0 -ErrorAction Stop } | Should -Throw -ErrorId 'CrAddressNotMapped,*'
    }
}

Describe 'Compare-CrImage' {
    It 'finds no difference of an image to itself' {
        Compare-CrImage $image $image -IncludePage | Should -BeNullOrEmpty
    }
    It 'tells what became of the tree' {
        $second = Join-Path $folder 'b.cr'
        $child = (Get-CrImageTask $image -Comm cat).VPid
        Stop-Process -Id $child -Force
        Wait-Until { -not (Test-Path "/proc/$child/exe") -or -not (Get-Item "/proc/$child/exe" -ErrorAction Ignore).Target }
        Checkpoint-ProcessTree -Id $tree.Id -Path $second | Out-Null
        $differences = Get-Item $second | Compare-CrImage $image
        $differences | Where-Object VPid -EQ $child | Where-Object Kind -EQ Task | Should -Not -BeNullOrEmpty
    }
}

Describe 'Measure-CrImage' {
    It 'adds up to the length of the image, grouped by <By>' -ForEach @(@{ By = 'Kind' }, @{ By = 'Task' }, @{ By = 'TaskAndKind' }) {
        (Measure-CrImage $image -GroupBy $By | Measure-Object Length -Sum).Sum | Should -Be (Get-Item $image).Length
    }
}
