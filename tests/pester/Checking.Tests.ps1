BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder checks
    $image = Join-Path $folder 'a.cr'
    $tree = Start-TestTree $folder 'sleep 600 & echo > $READY; wait'
    Checkpoint-ProcessTree -Id $tree.Id -Path $image | Out-Null
}
AfterAll {
    Stop-TestTree $tree.Id
}

Describe 'Test-CrImage' {
    It 'is true for a whole image' {
        Test-CrImage $image | Should -BeTrue
        (Get-Item $image | Test-CrImage -Detailed).Status | Should -Be 'Passed'
    }
    It 'is false for a damaged one and says why' {
        $bytes = [IO.File]::ReadAllBytes($image); $bytes[-1] = $bytes[-1] -bxor 1
        [IO.File]::WriteAllBytes("$folder/broken.bin", $bytes)
        Test-CrImage "$folder/broken.bin" | Should -BeFalse
        (Test-CrImage "$folder/broken.bin" -Detailed).Id | Should -BeLike 'CrImage*'
    }
    It 'tells whether it could be restored' {
        Test-CrImage $image -Restore | Should -BeFalse
        (Test-CrImage $image -Restore -Detailed | Where-Object Status -EQ Failed).Id | Should -Contain 'CrPidTaken'
        Test-CrImage $image -Restore -NewPidNamespace | Should -BeTrue
    }
    It 'reports an image that is not there as an error' {
        { Test-CrImage -LiteralPath "$folder/none.cr" -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageNotFound,*'
    }
}

Describe 'Test-ProcessTree' {
    It 'is true for a tree without obstacles' {
        Get-Process -Id $tree.Id | Test-ProcessTree | Should -BeTrue
    }
    It 'lists obstacles' {
        $findings = Test-ProcessTree -Id $PID -Detailed -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'CrOwnAncestor,*'
        $findings | Should -BeNullOrEmpty
    }
}

Describe 'Test-CrHost' {
    It 'answers with a Boolean' {
        Test-CrHost | Should -BeTrue
    }
    It 'tells each feature' {
        (Test-CrHost -Detailed).Check | Should -Contain 'PAGEMAP_SCAN'
    }
}

Describe 'Get-ProcessTree' {
    It 'lists parents before children' {
        $tasks = Get-ProcessTree -Id $tree.Id
        $tasks.Comm | Should -Be 'bash', 'sleep'
        $tasks[1].ParentId | Should -Be $tree.Id
        $tasks.CanCheckpoint | Should -Be $true, $true
    }
    It 'draws a tree' {
        Get-ProcessTree -Id $tree.Id -Tree | Out-String | Should -Match '└─ sleep'
    }
}

Describe 'Suspend-ProcessTree and Resume-ProcessTree' {
    It 'touch nothing with -WhatIf' {
        Suspend-ProcessTree -Id $tree.Id -WhatIf
        (Get-ProcessTree -Id $tree.Id).State | Should -Not -Contain 'T'
    }
    It 'stop a tree and let it go on' {
        (Suspend-ProcessTree -Id $tree.Id -PassThru).State | Should -Be 'T', 'T'
        (Get-ProcessTree -Id $tree.Id).State | Should -Be 'T', 'T'
        (Get-Process -Id $tree.Id | Resume-ProcessTree -PassThru).State | Should -Not -Contain 'T'
        Wait-Until { 'T' -notin (Get-ProcessTree -Id $tree.Id).State }
    }
    It 'refuse the shell itself' {
        { Suspend-ProcessTree -Id $PID -ErrorAction Stop } | Should -Throw -ErrorId 'CrOwnAncestor,*'
    }
}
