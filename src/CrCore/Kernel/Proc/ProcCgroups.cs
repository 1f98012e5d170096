using CrCore.Image;

namespace CrCore.Kernel;

/// <summary>One line of /proc/PID/cgroup.</summary>
/// <param name="Hierarchy">Id of the hierarchy; 0 is cgroup v2.</param>
/// <param name="Controllers">Controllers of a v1 hierarchy ("cpu,cpuacct", "name=systemd"), empty for v2.</param>
/// <param name="Path">The group's path from the reader's cgroup namespace's root.</param>
public sealed record CgroupMembership(int Hierarchy, string Controllers, string Path);

/// <summary>/proc/PID/cgroup (cgroups(7)): the group of a task in each hierarchy.</summary>
public static class ProcCgroups
{
    /// <summary>Adds a task's memberships; false when it is gone.</summary>
    /// <exception cref="CrKernelException">The file cannot be read or is in an unknown form.</exception>
    public static bool TryRead(ProcReader reader, TaskDir dir, ICollection<CgroupMembership> memberships)
    {
        if (!reader.TryRead(dir, "cgroup"u8, out var text))
            return false;
        return TryParse(text, memberships) ? true : throw KernelError.BadText($"{dir}/cgroup", dir.Task);
    }

    /// <summary>Parses the text of a cgroup file; false where it is not as the manual page says.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ICollection<CgroupMembership> memberships)
    {
        var lines = new TextCursor(text);
        while (lines.NextLine(out var line))
        {
            var c = new TextCursor(line);
            var hierarchy = c.Int32();
            c.Expect((byte)':');
            var rest = c.Rest;
            var colon = rest.IndexOf((byte)':');
            if (c.Failed || colon < 0)
                return false;
            memberships.Add(new CgroupMembership(hierarchy, LinuxText.Decode(rest[..colon]), LinuxText.Decode(rest[(colon + 1)..])));
        }
        return true;
    }
}
