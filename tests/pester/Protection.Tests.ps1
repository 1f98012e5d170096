BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder safe
    $image = Join-Path $folder 'a.cr'
    $sealed = Join-Path $folder 'sealed.cr'
    $key = Join-Path $folder 'key'
    [IO.File]::WriteAllBytes($key, [Security.Cryptography.RandomNumberGenerator]::GetBytes(32))
    $passphrase = ConvertTo-SecureString 'four words are enough' -AsPlainText -Force
    $tree = Start-TestTree $folder 'sleep 600 & echo > $READY; wait'
    Checkpoint-ProcessTree -Id $tree.Id -Path $image | Out-Null
}
AfterAll {
    Stop-TestTree $tree.Id
}

Describe 'Protect-CrImage' {
    It 'encrypts with a key file' {
        $copy = Get-Item $image | Protect-CrImage -DestinationPath $sealed -KeyFile $key
        $copy.Path | Should -Be $sealed
        (Get-CrImageTask $sealed -KeyFile $key).Comm | Should -Be 'bash', 'sleep'
    }
    It 'encrypts with a passphrase' {
        Protect-CrImage $image $sealed -Force -Passphrase $passphrase | Out-Null
        Test-CrImage $sealed -Passphrase $passphrase | Should -BeTrue
    }
    It 'makes images that only the owner can read' {
        Protect-CrImage $image $sealed -Force -KeyFile $key | Out-Null
        [IO.File]::GetUnixFileMode($sealed) | Should -Be 'UserWrite, UserRead'
        [IO.File]::GetUnixFileMode($image) | Should -Be 'UserWrite, UserRead'
    }
    It 'writes nothing with -WhatIf' {
        Protect-CrImage $image "$folder/none.cr" -KeyFile $key -WhatIf
        "$folder/none.cr" | Should -Not -Exist
    }
    It 'needs a key' {
        { Protect-CrImage $image "$folder/none.cr" -ErrorAction Stop } | Should -Throw -ErrorId 'CrKeyMissing,*'
    }
}

Describe 'Unprotect-CrImage' {
    It 'gives the same bytes back' {
        Protect-CrImage $image $sealed -Force -KeyFile $key | Out-Null
        Unprotect-CrImage $sealed "$folder/back.cr" -KeyFile $key | Out-Null
        (Get-FileHash "$folder/back.cr").Hash | Should -Be (Get-FileHash $image).Hash
    }
    It 'refuses a wrong key with category PermissionDenied' {
        Protect-CrImage $image $sealed -Force -KeyFile $key | Out-Null
        [IO.File]::WriteAllBytes("$folder/wrong", [byte[]]::new(32))
        Unprotect-CrImage $sealed "$folder/never.cr" -KeyFile "$folder/wrong" -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].CategoryInfo.Category | Should -Be 'PermissionDenied'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'CrKeyWrong,*'
        "$folder/never.cr" | Should -Not -Exist
    }
}

Describe 'Checkpoint-ProcessTree and Restore-ProcessTree with a key' {
    It 'write and read encrypted images' {
        $second = Start-TestTree (New-Item -ItemType Directory "$folder/second").FullName 'echo > $READY; exec sleep 600'
        $path = "$folder/second.cr"
        Checkpoint-ProcessTree -Id $second.Id -Path $path -KeyFile $key -Stop | Out-Null
        $second.WaitForExit(); $second.Dispose()
        { Restore-ProcessTree $path -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageEncrypted,*'
        $restored = Restore-ProcessTree $path -KeyFile $key
        $restored.Comm | Should -Be 'sleep'
        Stop-TestTree $restored.Id
    }
}
