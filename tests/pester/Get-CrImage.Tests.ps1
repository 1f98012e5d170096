BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder images
    $image = Join-Path $folder 'a [1].cr'
    $tree = Start-TestTree $folder 'sleep 600 & echo $! > $READY; wait'
    $child = [int](Get-Content "$folder/ready")
    Wait-Until { (Get-Content "/proc/$child/comm") -eq 'sleep' }
    Checkpoint-ProcessTree -Id $tree.Id -Path $image | Out-Null
}
AfterAll {
    Stop-TestTree $tree.Id
}

Describe 'Get-CrImageHeader' {
    It 'tells what the image says of itself' {
        $header = Get-CrImageHeader -LiteralPath $image
        $header.Revision | Should -Be 4
        $header.KernelRelease | Should -Be (Get-Content /proc/sys/kernel/osrelease)
        $header.TaskCount | Should -Be 2
        $header.Comm | Should -Be 'bash'
        ([datetimeoffset]::Now - $header.Created).TotalMinutes | Should -BeLessThan 10
    }

    It 'takes files, wildcards and properties' {
        (Get-ChildItem $folder -Filter *.cr | Get-CrImageHeader).Path | Should -Be $image
        (Get-CrImageHeader "$folder/*.cr").Path | Should -Be $image
        ([pscustomobject]@{ Path = "$folder/*.cr" } | Get-CrImageHeader).Path | Should -Be $image
    }

    It 'does not take other objects for paths' {
        { 5 | Get-CrImageHeader -ErrorAction Stop } | Should -Throw -ErrorId 'InputObjectNotBound,*'
    }

    It 'reports what is no image as invalid data' {
        Get-CrImageHeader -LiteralPath /etc/passwd -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidData'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'CrImage*,CrModule.Commands.GetCrImageHeaderCommand'
    }
}

Describe 'Get-CrImageTask' {
    It 'lists parents before children' {
        $tasks = Get-CrImageTask -LiteralPath $image
        $tasks.VPid | Should -Be $tree.Id, $child
        $tasks.ParentVPid | Should -Be 0, $tree.Id
        $tasks.Comm | Should -Be 'bash', 'sleep'
        $tasks.Depth | Should -Be 0, 1
    }

    It 'draws the tree' {
        Get-CrImageTask -LiteralPath $image -Tree | Out-String | Should -Match '└─ sleep'
        Get-CrImageTask -LiteralPath $image | Format-Table -View Tree | Out-String | Should -Match '└─ sleep'
    }
}

Describe 'The module' {
    It 'has help with three examples or more for <_>' -ForEach 'Checkpoint-ProcessTree', 'Get-CrImageHeader', 'Get-CrImageTask', 'Restore-ProcessTree' {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.examples.example.Count | Should -BeGreaterOrEqual 3
    }

    It 'exports commands alone, with approved verbs' {
        $module = Get-Module CrModule
        $module.ExportedFunctions.Count + $module.ExportedAliases.Count + $module.ExportedVariables.Count | Should -Be 0
        $module.ExportedCmdlets.Values.Verb | Should -BeIn (Get-Verb).Verb
    }
}
