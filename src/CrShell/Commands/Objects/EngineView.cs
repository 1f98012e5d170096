using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>Gives an object the type name for which the engine has a view.</summary>
internal static class EngineView
{
    public const string Group = "Microsoft.PowerShell.Commands.GroupInfo";
    public const string GroupNoElement = "Microsoft.PowerShell.Commands.GroupInfoNoElement";
    public const string Measure = "Microsoft.PowerShell.Commands.GenericMeasureInfo";
    public const string Member = "Microsoft.PowerShell.Commands.MemberDefinition";
    public const string Match = "Microsoft.PowerShell.Commands.MatchInfo";
    public const string ErrorRecord = "System.Management.Automation.ErrorRecord#PSExtendedError";
    public const string Exception = "System.Exception#PSExtendedError";
    public const string FileHash = "Microsoft.Powershell.Utility.FileHash";

    public static PSObject As(this object value, string typeName)
    {
        var item = PSObject.AsPSObject(value);
        item.TypeNames.Insert(0, typeName);
        return item;
    }
}
