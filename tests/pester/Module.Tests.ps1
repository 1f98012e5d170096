BeforeDiscovery {
    . $PSScriptRoot/TestTree.ps1
    $commands = (Get-Command -Module CrModule).Name
}
BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $manifest = (Get-Module CrModule).Path -replace '[^/]+$', 'CrModule.psd1'
}

Describe 'The module' {
    It 'exports what its manifest names, and nothing else' {
        $named = (Import-PowerShellDataFile $manifest).CmdletsToExport
        (Get-Command -Module CrModule).Name | Sort-Object | Should -Be ($named | Sort-Object)
    }
    It 'is imported without a warning or an error' {
        $said = pwsh -NoProfile -NonInteractive -Command "Import-Module '$manifest'" 2>&1 3>&1
        $said | Should -BeNullOrEmpty
    }
    It 'has help with three examples or more for <_>' -ForEach $commands {
        $help = Get-Help $_ -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 3
    }
    It 'has the topic <_>' -ForEach 'about_CrModule', 'about_CrImage', 'about_CrTroubleshooting' {
        Get-Help $_ | Should -BeLike "*$_*"
    }
    It 'gives JSON of an image that needs little depth' {
        $image = Join-Path $TestDrive 'x.cr'
        $sleep = Start-TestTree $TestDrive 'echo > $READY; exec sleep 600'
        Wait-Until { (Get-Content "/proc/$($sleep.Id)/comm") -eq 'sleep' }
        try {
            Checkpoint-ProcessTree -Id $sleep.Id -Path $image | Out-Null
            $tasks = Get-CrImageTask $image | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json
            $tasks.Comm | Should -Be 'sleep'
            (Get-CrImageHeader $image | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json).TaskCount | Should -Be 1
            (Get-CrImageMapping $image | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json).Name | Should -Contain '[stack]'
        } finally {
            Stop-TestTree $sleep.Id
        }
    }
}
