using System.Globalization;
using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Ipc;

/// <summary>A kind of System V object, as it is made anew by a task of a new IPC namespace.</summary>
/// <param name="NextId">The setting that gives the next one its number (proc_sys_kernel(5)).</param>
internal sealed record SystemVCreation(string NextId, Sys Get)
{
    private const int IpcCreate = 0x200, IpcExclusive = 0x400;

    public const int IpcRemove = 0, IpcSet = 1;

    public static SystemVCreation Segment { get; } = new("shm_next_id", Sys.shmget);

    public static SystemVCreation SemaphoreSet { get; } = new("sem_next_id", Sys.semget);

    public static SystemVCreation MessageQueue { get; } = new("msg_next_id", Sys.msgget);

    /// <summary>Whether the restored tree's IPC namespace is a new one of its own.</summary>
    public static bool IsOwn(RestoreContext context)
        => context.Root.Image.Get<Namespaces.NamespacesRecord>()?.Has(Namespaces.NamespaceSet.Ipc) == true;

    /// <summary>
    /// Makes one with its number, by its creator's ids, which cannot be changed later (ipc_addid in ipc/util.c). The task gets back
    /// its own ids, with them its capabilities (capabilities(7)), and the dumpable flag that their change has cost it.
    /// </summary>
    /// <param name="size">Bytes of a segment, semaphores of a set, or null.</param>
    /// <param name="pages">SHM_HUGETLB and the size of a segment's pages, or 0.</param>
    /// <returns>The call whose result is the number: <see cref="Demand"/>.</returns>
    public Slot Make(SyscallBatch batch, object what, in SystemVName name, ulong? size, int pages = 0)
    {
        var next = batch.Must("giving its number to", what, Sys.open, batch.Text($"/proc/sys/kernel/{NextId}"), FileNative.O_WRONLY | FileNative.O_CLOEXEC);
        var number = batch.Text(name.Id.ToString(CultureInfo.InvariantCulture));
        batch.Must("giving its number to", what, Sys.pwrite64, next, number, number.Length - 1, 0);
        batch.Must("giving its number to", what, Sys.close, next);
        var (uid, gid) = (batch.Must("making", what, Sys.geteuid), batch.Must("making", what, Sys.getegid));
        batch.Must("becoming the group that made", what, Sys.setresgid, -1, name.CreatorGid, -1);
        batch.Must("becoming the user who made", what, Sys.setresuid, -1, name.CreatorUid, -1);
        var flags = IpcCreate | IpcExclusive | pages | (int)name.Mode;
        var made = size is { } n ? batch.Must("making", what, Get, name.Key, n, flags) : batch.Must("making", what, Get, name.Key, flags);
        batch.Must("returning from making", what, Sys.setresuid, -1, uid, -1);
        batch.Must("returning from making", what, Sys.setresgid, -1, gid, -1);
        DumpableFlag.Regain(batch);
        return made;
    }

    /// <summary>Whether it has got its number, once the batch has run.</summary>
    public static void Demand(SyscallBatch batch, Slot made, object what, in SystemVName name)
    {
        if (batch.Result(made) != name.Id)
            throw KernelError.Create("CrSystemVFailed", $"Making the {what} failed: its number is taken, it became {batch.Result(made)}", Errno.EEXIST, on: what.ToString());
    }
}
