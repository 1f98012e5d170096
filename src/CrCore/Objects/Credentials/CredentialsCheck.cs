using CrCore.Image;
using CrCore.Kernel;
using CrCore.Restore;

namespace CrCore.Objects.Credentials;

/// <summary>What of the saved credentials can be kept here: before a restore, and after it.</summary>
internal static class CredentialsCheck
{
    private const int CapSetGid = 6, CapSetUid = 7;

    /// <summary>Tells of all tasks what the restoring process has no right to give them. A puppet starts with its credentials.</summary>
    public static void Check(CheckContext context)
    {
        if (context.Proc.Own is not { } own)
            return;
        foreach (var task in context.Image.Tasks)
            foreach (var thread in task.Threads)
                if (thread.Get<CredentialsRecord>() is { } saved)
                    Check(context, task, saved, own);
    }

    private static void Check(CheckContext context, TaskImage task, CredentialsRecord saved, ProcStatus own)
    {
        var thread = $"thread {saved.VTid}";
        var maps = context.Namespaces.Ids;
        CheckIds(context, task, $"user ids of {thread}", saved.Uid, maps is null ? Has(own, CapSetUid) || All(saved.Uid, own.Uid) : All(saved.Uid, maps.Users));
        CheckIds(context, task, $"group ids of {thread}", saved.Gid, maps is null ? Has(own, CapSetGid) || All(saved.Gid, own.Gid) : All(saved.Gid, maps.Groups));
        if (maps is null ? !Has(own, CapSetGid) && !saved.Groups.SequenceEqual(own.Groups) : !maps.AllowsSetGroups && !own.Groups.Select(g => ProcIdMap.ToInside(maps.Groups, g)).Order().SequenceEqual(saved.Groups.Order()))
            context.Warn(task, "CrGroupsLost", $"groups of {thread}", "supplementary groups cannot be set here; it gets those of the restoring user");
        if (own.NoNewPrivileges && !saved.NoNewPrivileges)
            context.Warn(task, "CrNoNewPrivileges", thread, "no_new_privs is set here and cannot be taken back, so it will be set in the restored thread");
        // In a user namespace of its own a task can have every capability.
        var most = context.InUserNamespace ? ulong.MaxValue : own.PermittedCapabilities;
        if ((saved.Permitted & ~most) is not 0 and var lost)
            context.Warn(task, "CrCapabilitiesLost", thread, $"this program lacks {CapabilityNames.List(lost)}, which the thread had and will lose", "Restore with these capabilities.");
        if (!context.InUserNamespace && (saved.Bounding & ~own.BoundingCapabilities) is not 0 and var bound)
            context.Warn(task, "CrBoundingSet", thread, $"this program's bounding set lacks {CapabilityNames.List(bound)}, which the thread's had and will lose");
    }

    private static void CheckIds(CheckContext context, TaskImage task, string what, IdSet saved, bool may)
    {
        if (may)
            return;
        context.Refuse(task, "CrIdsImpossible", what,
            $"{saved.Real}, {saved.Effective}, {saved.Saved}, {saved.FileSystem} (real, effective, saved, file system) are not all {(context.InUserNamespace ? "known in the user namespace that is made" : "ids of the restoring user")}",
            "Restore as root, or as the user whose processes were saved.", CrErrorKind.PermissionDenied);
    }

    /// <summary>setresuid(2) without privilege: each may become any of the present three.</summary>
    private static bool All(IdSet saved, IdSet own)
    {
        return Is(saved.Real) && Is(saved.Effective) && Is(saved.Saved) && Is(saved.FileSystem);

        bool Is(uint id) => id == own.Real || id == own.Effective || id == own.Saved;
    }

    /// <summary>In its user namespace a puppet may become whoever is known there.</summary>
    private static bool All(IdSet saved, IReadOnlyList<IdMapRange> known)
        => ProcIdMap.Knows(known, saved.Real) && ProcIdMap.Knows(known, saved.Effective) && ProcIdMap.Knows(known, saved.Saved) && ProcIdMap.Knows(known, saved.FileSystem);

    private static bool Has(ProcStatus own, int capability) => (own.EffectiveCapabilities & 1UL << capability) != 0;

    /// <summary>What became of the thread, where it is not as saved; else null.</summary>
    public static string? Difference(CredentialsRecord saved, ProcStatus now, uint secureBits, bool inUserNamespace)
    {
        var told = new List<string>();
        // Numbers of another user namespace cannot be compared from here.
        if (!inUserNamespace)
        {
            Add("user ids", saved.Uid, now.Uid);
            Add("group ids", saved.Gid, now.Gid);
            if (!saved.Groups.SequenceEqual(now.Groups))
                told.Add("groups");
        }
        AddSet("inheritable", saved.Inheritable, now.InheritableCapabilities);
        AddSet("permitted", saved.Permitted, now.PermittedCapabilities);
        AddSet("effective", saved.Effective, now.EffectiveCapabilities);
        AddSet("bounding", saved.Bounding, now.BoundingCapabilities);
        AddSet("ambient", saved.Ambient, now.AmbientCapabilities);
        if (saved.SecureBits != secureBits)
            told.Add($"securebits 0x{secureBits:x} instead of 0x{saved.SecureBits:x}");
        if (saved.NoNewPrivileges != now.NoNewPrivileges)
            told.Add("no_new_privs");
        return told.Count == 0 ? null : "not as saved: " + string.Join("; ", told);

        void Add(string what, IdSet due, IdSet got)
        {
            if (due != got)
                told.Add($"{what} {got} instead of {due}");
        }

        void AddSet(string what, ulong due, ulong got)
        {
            if (due != got)
                told.Add($"{what} set lacks {CapabilityNames.List(due & ~got)}, has {CapabilityNames.List(got & ~due)} too many");
        }
    }
}
