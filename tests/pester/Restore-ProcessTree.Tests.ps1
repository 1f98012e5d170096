BeforeAll {
    . $PSScriptRoot/TestTree.ps1
}

Describe 'Restore-ProcessTree' {
    BeforeEach {
        $folder = New-TestFolder
        $image = Join-Path $folder 'x.cr'
        $tree = Start-TestTree $folder 'echo > $READY; until [ -e $READY.go ]; do sleep 0.05; done; exit 7'
        $id = $tree.Id
        Checkpoint-ProcessTree -Id $id -Path $image -Stop | Out-Null
        $tree.WaitForExit()
        # .NET takes any process of this id for the ended one as long as this object lives.
        $tree.Dispose()
        # An orphan's pid is free only when init has waited for it.
        foreach ($task in Get-CrImageTask $image) { Wait-Until { -not (Test-Path "/proc/$($task.VPid)") } }
        $ids = [System.Collections.Generic.List[int]]::new()
    }
    AfterEach {
        Stop-TestTree $ids
    }

    It 'brings the tree back with its pid' {
        $restored = Restore-ProcessTree $image
        $ids.Add($restored.Id)
        $restored.Id | Should -Be $id
        $restored.VPid | Should -Be $id
        $restored.Comm | Should -Be 'bash'
        $restored.Tasks[0].Id | Should -Be $id
        (Get-Process -Id $id).ProcessName | Should -Be 'bash'
    }

    It 'tells with -Wait how the root has ended' {
        New-Item "$folder/ready.go" | Out-Null
        (Restore-ProcessTree $image -Wait).ExitStatus | Should -Be 7
    }

    It 'pipes into Stop-Process and Wait-Process' {
        $restored = Restore-ProcessTree $image
        $ids.Add($restored.Id)
        $restored | Should -Not -BeNullOrEmpty
        $restored | Stop-Process
        $restored | Wait-Process -Timeout 20 -ErrorAction SilentlyContinue
        Wait-Until { -not (Test-Path "/proc/$id") }
    }

    It 'passes the root through as a process' {
        $process = Restore-ProcessTree $image -PassThru
        $ids.Add($process.Id)
        $process | Should -BeOfType System.Diagnostics.Process
        $process.Id | Should -Be $id
    }

    It 'restores copies side by side in fresh pid namespaces' {
        $copies = foreach ($i in 1, 2) { Restore-ProcessTree $image -NewPidNamespace }
        foreach ($copy in $copies) { $ids.Add($copy.NamespaceInitId) }
        $copies.VPid | Should -Be $id, $id
        ($copies.Id | Sort-Object -Unique).Count | Should -Be 2
    }

    It 'creates nothing with -WhatIf' {
        $preview = Get-Item $image | Restore-ProcessTree -WhatIf
        $preview.CanProceed | Should -BeTrue
        $preview.Tasks[0].VPid | Should -Be $id
        "/proc/$id" | Should -Not -Exist
    }

    It 'names who holds a pid that is taken' {
        $ids.Add((Restore-ProcessTree $image -ErrorAction Stop).Id)
        Restore-ProcessTree $image -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'CrRestoreObstacles,CrModule.Commands.RestoreProcessTreeCommand'
        $failed[0].Exception.Obstacles.Id | Should -Contain 'CrPidTaken'
        $failed[0].TargetObject | Should -Be $image
    }

    It 'writes a pid file' {
        $ids.Add((Restore-ProcessTree $image -PidFile "$folder/web.pid").Id)
        Get-Content "$folder/web.pid" | Should -Be $id
    }

    It 'does not restore when the pid file cannot be written' {
        { Restore-ProcessTree $image -PidFile /nowhere/x.pid -ErrorAction Stop } | Should -Throw -ErrorId 'CrPidFileNotWritable,*'
        "/proc/$id" | Should -Not -Exist
    }

    It 'reports a path without an image as CrImageNotFound' {
        Restore-ProcessTree "$folder/none.cr" -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be 'CrImageNotFound,CrModule.Commands.RestoreProcessTreeCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'completes image paths' {
        $line = "Restore-ProcessTree $folder/"
        (TabExpansion2 $line -cursorColumn $line.Length).CompletionMatches.ListItemText | Should -Be 'x.cr'
    }
}

Describe 'Restore-ProcessTree -Descriptor' {
    It 'lets a program go on with its log file where that was moved to' {
        $folder = New-TestFolder
        $image = Join-Path $folder 'x.cr'
        $ids = [System.Collections.Generic.List[int]]::new()
        $tree = Start-TestTree $folder 'exec 5>$READY.log; echo > $READY; until [ -e $READY.go ]; do sleep 0.05; done; echo more >&5'
        try {
            Checkpoint-ProcessTree -Id $tree.Id -Path $image -Stop | Out-Null
            $tree.WaitForExit()
            $tree.Dispose()
            foreach ($task in Get-CrImageTask $image) { Wait-Until { -not (Test-Path "/proc/$($task.VPid)") } }
            Move-Item "$folder/ready.log" "$folder/moved.log"
            { Restore-ProcessTree $image -ErrorAction Stop } | Should -Throw
            $restored = Restore-ProcessTree $image -Descriptor @{ "$folder/ready.log" = "$folder/moved.log" }
            $ids.Add($restored.Id)
            New-Item "$folder/ready.go" | Out-Null
            Wait-Until { (Get-Content "$folder/moved.log") -eq 'more' }
        } finally {
            Stop-TestTree $ids
        }
    }
}
