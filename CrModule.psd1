@{
    RootModule           = 'CrModule.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b3a1d9c4-6f0e-4c55-9a52-0d4b6d1f7e28'
    Author               = 'The CrModule authors'
    CompanyName          = 'CrModule'
    Copyright            = '(c) The CrModule authors. MIT License.'
    Description          = 'Checkpoint and restore of Linux process trees: save a running tree to one image file, and bring it back with its pids, memory, files and threads. All in managed code, for Linux on x86-64.'

    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')

    TypesToProcess       = @('CrModule.types.ps1xml')
    FormatsToProcess     = @('CrModule.format.ps1xml')

    # Named one by one: a command is found, and this module loaded for it, without loading every module there is.
    CmdletsToExport      = @(
        'Checkpoint-ProcessTree'
        'Compare-CrImage'
        'Convert-CrImage'
        'Export-CrCoreDump'
        'Export-CrImageReport'
        'Get-CrImageFile'
        'Get-CrImageHeader'
        'Get-CrImageMapping'
        'Get-CrImageRecord'
        'Get-CrImageTask'
        'Get-ProcessTree'
        'Invoke-CrImageFuzz'
        'Measure-CrImage'
        'New-CrRandomImage'
        'New-CrTreePlan'
        'Protect-CrImage'
        'Read-CrImageMemory'
        'Restore-ProcessTree'
        'Resume-ProcessTree'
        'Search-CrImageMemory'
        'Start-CrTree'
        'Stop-CrTree'
        'Suspend-ProcessTree'
        'Test-CrHost'
        'Test-CrImage'
        'Test-CrRoundTrip'
        'Test-ProcessTree'
        'Unprotect-CrImage'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    PrivateData          = @{
        PSData = @{
            Tags         = @('checkpoint', 'restore', 'process', 'process-tree', 'container', 'PSEdition_Core', 'Linux')
            LicenseUri   = 'https://opensource.org/license/mit'
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
