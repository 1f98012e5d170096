BeforeAll {
    . $PSScriptRoot/TestTree.ps1
    $folder = New-TestFolder harness
}

Describe 'New-CrTreePlan' {
    It 'makes the same plan of the same seed' {
        $one, $two, $other = 7, 7, 8 | ForEach-Object { (New-CrTreePlan -Seed $_).ToJson() }
        $two | Should -Be $one
        $other | Should -Not -Be $one
    }
    It 'counts on from the seed and keeps to the limit' {
        $plans = New-CrTreePlan -Seed 20 -Count 5 -MaxTask 3
        $plans.Seed | Should -Be (20..24)
        ($plans.TaskCount | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 3
    }
    It 'reads a plan that it wrote, from text and from a file' {
        $json = (New-CrTreePlan -Seed 3).ToJson()
        (New-CrTreePlan -Json $json).ToJson() | Should -Be $json
        Set-Content "$folder/plan.json" $json
        (Get-Item "$folder/plan.json" | New-CrTreePlan).ToJson() | Should -Be $json
    }
    It 'tells what is no plan' {
        { New-CrTreePlan -Json '{"tasks": 4}' -ErrorAction Stop } | Should -Throw -ErrorId 'CrPlanInvalid,*'
        { New-CrTreePlan -LiteralPath "$folder/none.json" -ErrorAction Stop } | Should -Throw -ErrorId 'CrPlanUnreadable,*'
    }
}

Describe 'Start-CrTree and Stop-CrTree' -Skip:(-not (Get-Command python3 -ErrorAction Ignore)) {
    It 'spawns a plan and ends it with all its tasks and files' {
        $plan = New-CrTreePlan -Seed 11 -MaxTask 4
        $tree = $plan | Start-CrTree
        try {
            Get-Process -Id $tree.Id | Should -Not -BeNullOrEmpty
            $tree.VPids.Count | Should -Be $plan.TaskCount
            $tree.WorkFolder | Should -Exist
        }
        finally {
            $tree | Stop-CrTree
        }
        $tree.Stopped | Should -BeTrue
        Get-Process -Id $tree.Id -ErrorAction Ignore | Should -BeNullOrEmpty
        $tree.WorkFolder | Should -Not -Exist
    }
    It 'spawns nothing with -WhatIf' {
        New-CrTreePlan -Seed 11 | Start-CrTree -WhatIf | Should -BeNullOrEmpty
    }
}

Describe 'Test-CrRoundTrip' -Skip:(-not (Get-Command python3 -ErrorAction Ignore)) {
    It 'takes random trees there and back' {
        $result = Test-CrRoundTrip -Seed 5 -Count 2 -MaxTask 3 -NewPidNamespace
        $result.Seed | Should -Be 5, 6
        $result.Differences | Should -BeNullOrEmpty
        $result.Passed | Should -Be $true, $true
    }
    It 'takes a planned tree' {
        $result = New-CrTreePlan -Seed 9 -MaxTask 2 | Test-CrRoundTrip -NewPidNamespace
        "$($result.FailedStep) $($result.Error.Message)".Trim() | Should -Be ""
        $result.Passed | Should -BeTrue
    }
    It "takes a tree of one's own, which goes on" {
        $id = (Start-TestTree $folder 'sleep 600 & echo $! > "$READY"; wait').Id
        try {
            $result = Test-CrRoundTrip -Id $id -CounterExamplePath $folder
            "$($result.FailedStep) $($result.Error.Message)".Trim() | Should -Be ''
            $result.Passed | Should -BeTrue
            $result.Image | Should -BeNullOrEmpty
            Get-Process -Id $id | Should -Not -BeNullOrEmpty
        }
        finally {
            Stop-TestTree $id
        }
    }
    It 'leaves a tree alone with -WhatIf' {
        Test-CrRoundTrip -Id $PID -WhatIf | Should -BeNullOrEmpty
    }
}

Describe 'New-CrRandomImage' {
    It 'makes valid images, the same of the same seed' {
        $images = New-CrRandomImage "$folder/{Seed}.cr" -Seed 40 -Count 3 -MaxTask 4
        $images.Seed | Should -Be 40, 41, 42
        $images | Test-CrImage | Should -Be $true, $true, $true
        New-CrRandomImage "$folder/again.cr" -Seed 40 -MaxTask 4 | Out-Null
        (Get-FileHash "$folder/again.cr").Hash | Should -Be (Get-FileHash "$folder/40.cr").Hash
    }
    It 'replaces nothing unasked' {
        Set-Content "$folder/taken.cr" 'precious'
        { New-CrRandomImage "$folder/taken.cr" -Seed 1 -ErrorAction Stop } | Should -Throw -ErrorId 'CrImageExists,*'
        Get-Content "$folder/taken.cr" | Should -Be 'precious'
    }
    It 'wants a name for each image' {
        { New-CrRandomImage "$folder/one.cr" -Count 2 } | Should -Throw -ErrorId 'CrPathNotUnique,*'
    }
}

Describe 'Invoke-CrImageFuzz' {
    It 'changes an image and finds that its reader stands' {
        New-CrRandomImage "$folder/fuzz.cr" -Seed 2 -MaxTask 3 -MaxPage 1 | Out-Null
        $result = Get-Item "$folder/fuzz.cr" | Invoke-CrImageFuzz -Seed 1 -Count 150
        $result.Findings | Should -BeNullOrEmpty
        $result.Trials | Should -Be 150
        $result.Refused + $result.Read | Should -Be 150
        $result.Refused | Should -BeGreaterThan 50
    }
    It 'refuses what is no image' {
        Set-Content "$folder/text" 'no image'
        { Invoke-CrImageFuzz "$folder/text" -Count 5 -ErrorAction Stop } | Should -Throw
    }
}
