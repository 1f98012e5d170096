using System.Text;
using CrCore.Kernel;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>The first steps of a process in fresh namespaces, before anything else is made there.</summary>
internal static class NamespaceSetup
{
    private const int MsRec = 0x4000, MsPrivate = 1 << 18, MsNoSuid = 2, MsNoDev = 4, MsNoExec = 8;

    public static void EnterNew(Puppet puppet, NamespacePlan namespaces)
    {
        if (namespaces.NewUser)
            MapUser(puppet.Pid);
        var batch = new SyscallBatch();
        // Mounts made here must not spread to where this namespace came from (mount_namespaces(7)).
        batch.Must("make mounts private", "/", Sys.mount, batch.Text("none"), batch.Text("/"), 0, MsRec | MsPrivate, 0);
        batch.Must("mount", "/proc", Sys.mount, batch.Text("proc"), batch.Text("/proc"), batch.Text("proc"), MsNoSuid | MsNoDev | MsNoExec, 0);
        puppet.Run(batch);
    }

    /// <summary>
    /// Ids as they are outside: the caller's own ids map to themselves (user_namespaces(7): without CAP_SETUID only
    /// the own id can be mapped, and setgroups must be denied first).
    /// </summary>
    private static void MapUser(int pid)
    {
        var (uid, gid) = ((uint)Libc.Syscall(Sys.geteuid), (uint)Libc.Syscall(Sys.getegid));
        Write(pid, "setgroups", "deny");
        Write(pid, "uid_map", $"{uid} {uid} 1\n");
        Write(pid, "gid_map", $"{gid} {gid} 1\n");
    }

    private static void Write(int pid, string file, string text)
    {
        try
        {
            using var handle = File.OpenHandle($"/proc/{pid}/{file}", FileMode.Open, FileAccess.Write);
            RandomAccess.Write(handle, Encoding.ASCII.GetBytes(text), 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CrKernelException("CrUserNamespaceFailed", $"Writing /proc/{pid}/{file} ({e.Message})", Errno.EPERM,
                "User namespaces may be forbidden here (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor).");
        }
    }
}
