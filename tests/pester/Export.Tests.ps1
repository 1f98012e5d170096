BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder export
    $image = Join-Path $folder 'a.cr'
    $tree = Start-TestTree $folder 'secret="the treasure is here"; sleep 600 & echo > $READY; wait'
    Checkpoint-ProcessTree -Id $tree.Id -Path $image | Out-Null
}
AfterAll {
    Stop-TestTree $tree.Id
}

Describe 'Convert-CrImage' {
    It 'compresses with <Codec>' -ForEach @(@{ Codec = 'Lz4' }, @{ Codec = 'Zstd' }) {
        $copy = Get-Item $image | Convert-CrImage -DestinationPath "$folder/$Codec.cr" -Compression $Codec
        $copy.Length | Should -BeLessThan $copy.SourceLength
        Compare-CrImage $image $copy.Path -IncludePage | Should -BeNullOrEmpty
    }
    It 'leaves memory out' {
        $copy = Convert-CrImage $image "$folder/bare.cr" -DropMemory
        (Get-CrImageTask $copy.Path).Count | Should -Be 2
        { Restore-ProcessTree $copy.Path -NewPidNamespace -ErrorAction Stop } | Should -Throw -ErrorId 'CrRestoreObstacles,*'
    }
    It 'overwrites secrets' {
        Convert-CrImage $image "$folder/hidden.cr" -Redact 'the treasure' | Out-Null
        Search-CrImageMemory "$folder/hidden.cr" 'the treasure' | Should -BeNullOrEmpty
        Search-CrImageMemory $image 'the treasure' | Should -Not -BeNullOrEmpty
    }
    It 'writes nothing with -WhatIf' {
        Convert-CrImage $image "$folder/none.cr" -DropMemory -WhatIf
        "$folder/none.cr" | Should -Not -Exist
    }
    It 'refuses a level that the codec has not' {
        { Convert-CrImage $image "$folder/none.cr" -Compression Lz4 -CompressionLevel 19 } | Should -Throw -ErrorId 'CrCompressionLevel,*'
    }
}

Describe 'Export-CrCoreDump' {
    It 'makes a core of each task' {
        $cores = Export-CrCoreDump $image $folder
        $cores.Comm | Should -Be 'bash', 'sleep'
        $cores[0].CorePath | Should -Be "$folder/bash-$($tree.Id).core"
        [Text.Encoding]::Latin1.GetString([IO.File]::ReadAllBytes($cores[0].CorePath)) | Should -Match '^\x7fELF'
    }
    It 'is opened by gdb' -Skip:(-not (Get-Command gdb -ErrorAction Ignore)) {
        $core = Export-CrCoreDump $image "$folder/{Name}.core" -Comm sleep
        gdb -batch -nx -ex 'info threads' $core.ExePath $core.CorePath 2>&1 | Out-String | Should -Match "LWP $($core.VPid)"
    }
    It 'replaces nothing unasked' {
        New-Item "$folder/taken.core" -Value 'precious' | Out-Null
        { Export-CrCoreDump $image "$folder/taken.core" -Comm bash -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageExists,*'
        Get-Content "$folder/taken.core" | Should -Be 'precious'
    }
}

Describe 'Export-CrImageReport' {
    It 'makes a page of each image that comes down the pipeline' {
        $page = Get-Item $image | Export-CrImageReport -DestinationPath "$folder/"
        $page.FullName | Should -Be "$folder/a.html"
        $text = Get-Content -Raw $page
        $text | Should -Match '<html lang="en">'
        $text | Should -Match "$($tree.Id) bash"
        $text | Should -Not -Match 'the treasure is here'
    }
    It 'replaces nothing unasked' {
        New-Item "$folder/taken.html" -Value 'precious' | Out-Null
        { Export-CrImageReport $image "$folder/taken.html" -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageExists,*'
        Get-Content "$folder/taken.html" | Should -Be 'precious'
        Export-CrImageReport $image "$folder/taken.html" -WhatIf
        Get-Content "$folder/taken.html" | Should -Be 'precious'
    }
}
