using System.Globalization;
using CrCore.Kernel;

namespace CrCore.Objects.Namespaces;

/// <summary>
/// Sysctls of a network namespace whose values are group ids: whoever reads or writes one does so in the ids of its own user namespace
/// (ipv4_ping_group_range in net/ipv4/sysctl_net_ipv4.c).
/// </summary>
internal static class GroupSysctls
{
    private const string PingGroups = "net/ipv4/ping_group_range";

    /// <summary>A value that was read here, as the tree's tasks read and write it.</summary>
    /// <param name="ids">Of the tree's own user namespace, if it has one.</param>
    public static string Inside(string name, string value, IdMapsRecord? ids)
        => ids is not null && name == PingGroups && value.Split('\t') is [var first, var last] && uint.TryParse(first, CultureInfo.InvariantCulture, out var low) && uint.TryParse(last, CultureInfo.InvariantCulture, out var high)
            ? string.Create(CultureInfo.InvariantCulture, $"{ProcIdMap.ToInside(ids.Groups, low)}\t{ProcIdMap.ToInside(ids.Groups, high)}") : value;
}
