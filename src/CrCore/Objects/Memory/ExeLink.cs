using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;

namespace CrCore.Objects.Memory;

/// <summary>What /proc/PID/exe leads to, and whether that can be given to a restored task.</summary>
internal readonly record struct ExeLink(string Path, FileIdentity Identity, MappingRefusal? Refusal)
{
    public static ExeLink Read(ProcReader proc, int pid)
    {
        if (!proc.TryReadLink(pid, "exe"u8, out var target))
            return new ExeLink("", default, Refuse("it has no program file", "Only programs that were executed from a file can be checkpointed."));
        var path = LinuxText.Decode(target);
        // The link itself leads to the file also when its name is gone (proc_pid_exe(5)).
        if (FileStatus.Read($"/proc/{pid}/exe", out var status) != Errno.None)
            return new ExeLink(path, default, Refuse($"its program file {path} cannot be looked at", "Check the rights of the caller."));
        var found = MappedFiles.LookUp(pid, path, status.Inode);
        if (found.State != MappedFileState.Present)
            return new ExeLink(path, default, Refuse($"its program file {path} was deleted or replaced", "Restart the program if it was upgraded."));
        return new ExeLink(path, FileIdentity.Of(status), null);
    }

    private static MappingRefusal Refuse(string reason, string advice) => new("CrExeDeleted", reason, advice);
}
