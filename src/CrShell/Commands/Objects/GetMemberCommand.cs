using System.Management.Automation;

namespace CrShell.Commands.Objects;

/// <summary>A member of an object's type.</summary>
public sealed record MemberDefinition(string TypeName, string Name, PSMemberTypes MemberType, string Definition);

/// <summary>Get-Member: the members of each type among the objects.</summary>
[Cmdlet(VerbsCommon.Get, "Member")]
[OutputType(typeof(MemberDefinition))]
public sealed class GetMemberCommand : InputCommand
{
    private readonly HashSet<string> _types = new(StringComparer.OrdinalIgnoreCase);

    [Parameter(Position = 0)]
    public string[] Name { get; set; } = ["*"];

    [Parameter]
    [Alias("Type")]
    public PSMemberTypes MemberType { get; set; } = PSMemberTypes.All;

    protected override void Take(PSObject item)
    {
        var type = item.TypeNames.FirstOrDefault() ?? "";
        if (!_types.Add(type))
            return;
        var patterns = Name.Select(n => WildcardPattern.Get(n, WildcardOptions.IgnoreCase)).ToArray();
        foreach (var member in item.Members.Where(m => MemberType.HasFlag(m.MemberType)).OrderBy(m => m.MemberType).ThenBy(m => m.Name, StringComparer.OrdinalIgnoreCase))
        {
            var accessor = member.Name.StartsWith("get_", StringComparison.Ordinal) || member.Name.StartsWith("set_", StringComparison.Ordinal);
            if (!accessor && patterns.Any(p => p.IsMatch(member.Name)))
                WriteObject(new MemberDefinition(type, member.Name, member.MemberType, member.ToString() ?? "").As(EngineView.Member));
        }
    }
}
