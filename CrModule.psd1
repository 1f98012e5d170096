@{
    RootModule           = 'CrModule.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '95b4d365-05ab-4991-953d-6f3230b10038'
    Author               = 'The CrModule authors'
    CompanyName          = 'CrModule'
    Copyright            = '(c) The CrModule authors. MIT licence.'
    Description          = 'Checkpoint and restore of Linux process trees: freeze a running tree into one image file, look into it, bring it back.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('CrModule.format.ps1xml')
    TypesToProcess       = @('CrModule.types.ps1xml')
    CmdletsToExport      = @(
        'Checkpoint-ProcessTree'
        'Restore-ProcessTree'
    )
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('Linux', 'Checkpoint', 'Restore', 'Process', 'Migration', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
        }
    }
}
