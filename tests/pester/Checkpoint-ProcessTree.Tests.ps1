BeforeAll {
    . $PSScriptRoot/TestTree.ps1
}

Describe 'Checkpoint-ProcessTree' {
    BeforeEach {
        $folder = New-TestFolder
        $image = Join-Path $folder 'x.cr'
        $tree = Start-TestTree $folder 'echo > $READY; until [ -e $READY.go ]; do sleep 0.05; done; exit 7'
    }
    AfterEach {
        Stop-TestTree $tree.Id
    }

    It 'writes an image and lets the tree run on to its true exit code' {
        $result = Checkpoint-ProcessTree -Id $tree.Id -Path $image
        $result.Path | Should -Be $image
        $result.RootId | Should -Be $tree.Id
        $result.Length | Should -Be (Get-Item $image).Length
        $result.Frozen | Should -BeGreaterThan ([timespan]::Zero)
        $tree.HasExited | Should -BeFalse
        New-Item "$folder/ready.go" | Out-Null
        $tree.WaitForExit()
        $tree.ExitCode | Should -Be 7
    }

    It 'takes processes from the pipeline and pipes its image on' {
        $header = Get-Process -Id $tree.Id | Checkpoint-ProcessTree -Path $image | Get-CrImageHeader
        $header.Path | Should -Be $image
        $header.Comm | Should -Be 'bash'
    }

    It 'takes positions and aliases' {
        (Checkpoint-ProcessTree $tree.Id $image).RootId | Should -Be $tree.Id
        (Checkpoint-ProcessTree -ProcessId $tree.Id -Path $image -Force).RootId | Should -Be $tree.Id
        (Get-Process -Id $tree.Id | Checkpoint-ProcessTree $image -Force).RootId | Should -Be $tree.Id
    }

    It 'passes the process through' {
        $process = Get-Process -Id $tree.Id | Checkpoint-ProcessTree -Path $image -PassThru
        $process | Should -BeOfType System.Diagnostics.Process
        $process.Id | Should -Be $tree.Id
    }

    It 'ends the tree with -Stop, once the image is there' {
        (Checkpoint-ProcessTree -Id $tree.Id -Path $image -Stop).Stopped | Should -BeTrue
        $tree.WaitForExit()
        $tree.ExitCode | Should -Be 137
        $image | Should -Exist
    }

    It 'touches nothing with -WhatIf and tells tasks and obstacles' {
        New-Item $image -Value 'in the way' | Out-Null
        $preview = Checkpoint-ProcessTree -Id $tree.Id -Path $image -Stop -WhatIf -WarningVariable warnings -WarningAction SilentlyContinue
        $preview.Tasks[0].Comm | Should -Be 'bash'
        $preview.CanProceed | Should -BeFalse
        $preview.Obstacles.Id | Should -Contain 'CrImageExists'
        $warnings.Count | Should -Be $preview.Obstacles.Count
        Get-Content $image | Should -Be 'in the way'
        $tree.HasExited | Should -BeFalse
    }

    It 'does not replace an image without -Force' {
        New-Item $image -Value 'precious' | Out-Null
        { Checkpoint-ProcessTree -Id $tree.Id -Path $image -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageExists,CrModule.Commands.CheckpointProcessTreeCommand'
        Get-Content $image | Should -Be 'precious'
    }

    It 'reports <Case> as <ErrorId>, category <Category>' -ForEach @(
        @{ Case = 'the shell itself'; Process = { $PID }; ErrorId = 'CrOwnAncestor'; Category = 'InvalidArgument' }
        @{ Case = 'no process'; Process = { 4194303 }; ErrorId = 'CrNoProcess'; Category = 'ObjectNotFound' }
    ) {
        Checkpoint-ProcessTree -Id (& $Process) -Path $image -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -Be "$ErrorId,CrModule.Commands.CheckpointProcessTreeCommand"
        $failed[0].CategoryInfo.Category | Should -Be $Category
        $failed[0].TargetObject | Should -Be (& $Process)
        $failed[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $image | Should -Not -Exist
    }

    It 'refuses one name for several trees before anything is touched' {
        New-Item -ItemType Directory "$folder/second" | Out-Null
        $second = Start-TestTree "$folder/second" 'echo > $READY; exec sleep 600'
        try {
            { Checkpoint-ProcessTree -Id $tree.Id, $second.Id -Path $image } | Should -Throw -ErrorId 'CrPathNotUnique,*'
            $image | Should -Not -Exist
            $images = Checkpoint-ProcessTree -Id $tree.Id, $second.Id -Path "$folder/{Id}.cr"
            $images.Path | Should -Be "$folder/$($tree.Id).cr", "$folder/$($second.Id).cr"
        } finally {
            Stop-TestTree $second.Id
        }
    }

    It 'completes ids with their names' {
        $line = "Checkpoint-ProcessTree -Id $($tree.Id)"
        $match = (TabExpansion2 $line -cursorColumn $line.Length).CompletionMatches | Where-Object CompletionText -EQ $tree.Id
        $match.ListItemText | Should -Be "$($tree.Id) (bash)"
    }
}
