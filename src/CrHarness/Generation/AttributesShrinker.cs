using CrHarness.Plans;

namespace CrHarness.Generation;

/// <summary>Attributes dropped one at a time.</summary>
internal static class AttributesShrinker
{
    public static IEnumerable<AttributesPlan> Shrink(AttributesPlan a)
    {
        if (a.Umask is not null) yield return a with { Umask = null };
        if (a.Directory != DirectoryKind.Inherited) yield return a with { Directory = DirectoryKind.Inherited };
        if (a.Nice != 0) yield return a with { Nice = 0 };
        if (a.Policy != SchedulingPolicy.Other) yield return a with { Policy = SchedulingPolicy.Other };
        if (a.Affinity != 0) yield return a with { Affinity = 0 };
        if (a.IoPriority != 0) yield return a with { IoPriority = 0 };
        if (a.OomScoreAdj != 0) yield return a with { OomScoreAdj = 0 };
        if (a.CoreDumpFilter is not null) yield return a with { CoreDumpFilter = null };
        if (a.TimerSlack != 0) yield return a with { TimerSlack = 0 };
        if (a.DisableHugePages) yield return a with { DisableHugePages = false };
        if (a.Personality != 0) yield return a with { Personality = 0 };
        if (a.Subreaper) yield return a with { Subreaper = false };
        if (a.ParentDeathSignal != 0) yield return a with { ParentDeathSignal = 0 };
        if (a.NoNewPrivs) yield return a with { NoNewPrivs = false };
        if (a.Filtered) yield return a with { Filtered = false };
        if (a.MergeMemory) yield return a with { MergeMemory = false };
        if (a.Interleaved) yield return a with { Interleaved = false };
        if (a.NotDumpable) yield return a with { NotDumpable = false };
        if (a.SecureBits != 0) yield return a with { SecureBits = 0 };
        if (a.KeepCapabilities) yield return a with { KeepCapabilities = false };
        if (a.DropCapabilities != 0) yield return a with { DropCapabilities = 0 };
        if (a.Uid != 0) yield return a with { Uid = 0 };
        if (a.Gid != 0) yield return a with { Gid = 0 };
        if (a.Groups.Length > 0) yield return a with { Groups = [] };
        for (var i = 0; i < a.Limits.Length; i++)
            yield return a with { Limits = a.Limits.RemoveAt(i) };
    }
}
