using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Events;

/// <summary>
/// pidfds of single threads (PIDFD_THREAD), opened when the threads exist, by the one task that has them. Their records are
/// <see cref="PidFdKind"/>'s.
/// </summary>
internal sealed class ThreadPidFdsKind : IRestoresTask
{
    public IEnumerable<RecordType> Records => [];

    public RestoreStage Stage => RestoreStage.Threads;

    public Action? Restore(RestoreContext context, RestoringTask task, SyscallBatch batch)
    {
        var files = DescriptorServer.Of(context).Files;
        if (task.IsZombie || files.TableOf(task.Image) is not { } table || table.Owner != task.Image)
            return null;
        var opened = new Dictionary<uint, int>();
        foreach (var entry in table.Entries)
        {
            var saved = files.Description(entry.Description);
            if (saved.Data.FdType != FdType.PidFd || saved.Get<PidFdRecord>() is not { VPid: > 0 and var vtid } || PidFdKind.FindThread(context.Image, vtid) is not { IsLeader: false })
                continue;
            var closeOnExec = entry.CloseOnExec ? OpenFlags.CloseOnExec : 0;
            if (opened.TryGetValue(entry.Description, out var first))
            {
                batch.Must("place", saved.Label, Sys.dup3, first, entry.Fd, closeOnExec);
                continue;
            }
            opened.Add(entry.Description, entry.Fd);
            var made = batch.Must("open a pidfd", saved.Label, Sys.pidfd_open, vtid, saved.Data.Flags & (OpenFlags.NonBlock | OpenFlags.Exclusive));
            batch.Must("place", saved.Label, Sys.dup3, made, entry.Fd, closeOnExec);
            batch.Must("close", saved.Label, Sys.close, made);
        }
        return null;
    }
}
