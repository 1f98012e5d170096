using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Objects.Namespaces;

namespace CrCore.Objects.Memory;

/// <summary>What /proc/PID/exe leads to, and whether that can be given to a restored task.</summary>
internal readonly record struct ExeLink(ReferredFile File, MappingRefusal? Refusal)
{
    private const string MemoryFilePrefix = "/memfd:";

    /// <summary>A file of memfd_create(2), saved as the shared memory that mappings and descriptors of it are, too.</summary>
    public bool IsMemoryFile => File.Place == NamePlace.Deleted && File.Status.IsRegular && File.Name.StartsWith(MemoryFilePrefix, StringComparison.Ordinal);

    /// <summary>As given to memfd_create(2).</summary>
    public string MemoryFileName => File.Name[MemoryFilePrefix.Length..];

    public static ExeLink Read(ProcReader proc, int pid, long maxDeletedBytes, FurtherMounts further)
    {
        // The link itself leads to the file also when its name is gone (proc_pid_exe(5)).
        var way = $"/proc/{pid}/exe";
        if (!proc.TryReadLink(pid, "exe"u8, out var target))
            return new(default, Refuse("it has no program file", "Only programs that were executed from a file can be checkpointed."));
        var path = LinuxText.Decode(target);
        if (FileStatus.Read(way, out var status) != Errno.None)
            return new(new(path, NamePlace.Elsewhere, status, way, ""), Refuse($"its program file {path} cannot be looked at", "Check the rights of the caller."));
        // A task may have gone into another mount namespace since it was executed.
        var home = further.OwnerOf(pid) == 0 ? 0 : further.HomeOf(FurtherMounts.MountOf(way)) is var its and not 0 ? its : further.Root;
        var prefix = home == 0 ? DescriptorReader.MountPrefix(proc, pid) : FurtherMounts.PrefixOf(home);
        var place = DescriptorReader.Place(ref path, status, prefix);
        var isFurther = home != 0 && home != further.Root;
        if (isFurther && place != NamePlace.Leads)
            return new(new(path, place, status, way, prefix), Refuse($"its program file {path}, in another mount namespace than the tree's root's, is not found there by its name any more", "Restart the program if it was upgraded."));
        var file = new ReferredFile(isFurther ? further.NameOf(home, path) : path, place, status, way, prefix);
        var link = new ExeLink(file, null);
        return link.IsMemoryFile ? link : new(file, Anchoring.Verdict(file, maxDeletedBytes) is var (_, reason, advice)
            ? Refuse($"of its program file {path}: {reason}", advice ?? "Restart the program if it was upgraded.") : null);
    }

    private static MappingRefusal Refuse(string reason, string advice) => new("CrExeDeleted", reason, advice);
}
