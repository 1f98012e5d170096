using System.Management.Automation.Runspaces;
using CrShell.Commands.Data;
using CrShell.Commands.Format;
using CrShell.Commands.Items;
using CrShell.Commands.Objects;
using CrShell.Commands.Output;
using CrShell.Commands.Processes;

namespace CrShell.Commands;

/// <summary>
/// The standard cmdlets that pwsh has in assemblies which are not published as packages: simple subsets, with the names,
/// parameters and error ids of the originals, enough for scripts that run in both.
/// </summary>
internal static class StandardCommands
{
    // A list and not a search through the assembly: it costs nothing at the start. A test keeps it complete.
    internal static readonly (string Name, Type Type)[] All =
    [
        ("ConvertFrom-Json", typeof(ConvertFromJsonCommand)),
        ("ConvertTo-Json", typeof(ConvertToJsonCommand)),
        ("Get-Date", typeof(GetDateCommand)),
        ("Get-FileHash", typeof(GetFileHashCommand)),
        ("Get-Random", typeof(GetRandomCommand)),
        ("Invoke-Expression", typeof(InvokeExpressionCommand)),
        ("Measure-Command", typeof(MeasureCommandCommand)),
        ("Select-String", typeof(SelectStringCommand)),
        ("Start-Sleep", typeof(StartSleepCommand)),
        ("Get-Variable", typeof(GetVariableCommand)),
        ("Set-Variable", typeof(SetVariableCommand)),
        ("Format-List", typeof(FormatListCommand)),
        ("Format-Table", typeof(FormatTableCommand)),
        ("Out-File", typeof(OutFileCommand)),
        ("Out-String", typeof(OutStringCommand)),
        ("Add-Content", typeof(AddContentCommand)),
        ("Convert-Path", typeof(ConvertPathCommand)),
        ("Copy-Item", typeof(CopyItemCommand)),
        ("Get-ChildItem", typeof(GetChildItemCommand)),
        ("Get-Content", typeof(GetContentCommand)),
        ("Get-Item", typeof(GetItemCommand)),
        ("Join-Path", typeof(JoinPathCommand)),
        ("Get-Location", typeof(GetLocationCommand)),
        ("Set-Location", typeof(SetLocationCommand)),
        ("Push-Location", typeof(PushLocationCommand)),
        ("Pop-Location", typeof(PopLocationCommand)),
        ("Move-Item", typeof(MoveItemCommand)),
        ("New-Item", typeof(NewItemCommand)),
        ("Remove-Item", typeof(RemoveItemCommand)),
        ("Resolve-Path", typeof(ResolvePathCommand)),
        ("Set-Content", typeof(SetContentCommand)),
        ("Split-Path", typeof(SplitPathCommand)),
        ("Test-Path", typeof(TestPathCommand)),
        ("Add-Member", typeof(AddMemberCommand)),
        ("Compare-Object", typeof(CompareObjectCommand)),
        ("Get-Member", typeof(GetMemberCommand)),
        ("Group-Object", typeof(GroupObjectCommand)),
        ("Measure-Object", typeof(MeasureObjectCommand)),
        ("New-Object", typeof(NewObjectCommand)),
        ("Select-Object", typeof(SelectObjectCommand)),
        ("Sort-Object", typeof(SortObjectCommand)),
        ("Get-Error", typeof(GetErrorCommand)),
        ("Read-Host", typeof(ReadHostCommand)),
        ("Write-Debug", typeof(WriteDebugCommand)),
        ("Write-Error", typeof(WriteErrorCommand)),
        ("Write-Host", typeof(WriteHostCommand)),
        ("Write-Information", typeof(WriteInformationCommand)),
        ("Write-Output", typeof(WriteOutputCommand)),
        ("Write-Progress", typeof(WriteProgressCommand)),
        ("Write-Verbose", typeof(WriteVerboseCommand)),
        ("Write-Warning", typeof(WriteWarningCommand)),
        ("Get-Process", typeof(GetProcessCommand)),
        ("Start-Process", typeof(StartProcessCommand)),
        ("Stop-Process", typeof(StopProcessCommand)),
        ("Wait-Process", typeof(WaitProcessCommand)),
    ];

    public static void AddTo(InitialSessionState state)
    {
        foreach (var (name, type) in All)
            state.Commands.Add(new SessionStateCmdletEntry(name, type, helpFileName: null));
    }
}
