using CrCore.Kernel;
using CrCore.Remote;
using CrCore.Restore;

namespace CrCore.Objects.Files;

/// <summary>Fills the descriptor table of one task from the server's descriptions.</summary>
internal static class TableRestore
{
    private const int FSetFd = 2;

    /// <summary>Up to here a table's calls go into the stage's own batch.</summary>
    private const int FewDescriptors = 64;

    public static Action? Restore(DescriptorServer server, RestoringTask task, SyscallBatch shared)
    {
        var table = server.Files.TableOf(task.Image);
        if (table is not null && table.Owner != task.Image)
        {
            RequireShared(server, task, table);
            return null;
        }
        var own = task == server.Context.Root;
        if (table is null || table.Entries.Count <= FewDescriptors)
            return own ? FillServer(server, task, table, () => shared) : Fill(server, task, table, () => shared);
        var feed = new BatchFeed(task.Remote);
        var check = own ? FillServer(server, task, table, feed.Next) : Fill(server, task, table, feed.Next);
        feed.After(check);
        feed.Flush();
        return null;
    }

    /// <summary>The server has everything already and only needs it at its own numbers.</summary>
    private static Action? FillServer(DescriptorServer server, RestoringTask task, SavedTable? table, Func<SyscallBatch> next)
    {
        foreach (var entry in table?.Entries ?? [])
        {
            var batch = next();
            var saved = server.Files.Description(entry.Description);
            var number = server.NumberOf(saved);
            if (number != entry.Fd)
                batch.Must("place", saved, Sys.dup3, number, entry.Fd, entry.CloseOnExec ? OpenFlags.CloseOnExec : 0);
            else if (!entry.CloseOnExec && !server.IsInPlace(saved))
                batch.Must("keep open over exec", saved, Sys.fcntl, number, FSetFd, 0);
            InTask(server, task, entry, saved, batch);
        }
        return null;
    }

    /// <summary>
    /// Fetches descriptor after descriptor in ascending order. A new one gets the lowest free number, which is never above
    /// the one it is meant for, so nothing that was placed is ever in the way.
    /// </summary>
    private static Action? Fill(DescriptorServer server, RestoringTask task, SavedTable? table, Func<SyscallBatch> next)
    {
        var first = next();
        first.Must("close inherited descriptors", null, Sys.close_range, 0, uint.MaxValue, 0);
        if (table is null || table.Entries.Count == 0)
            return null;
        var opened = first.Must("open a pidfd of the root", null, Sys.pidfd_open, server.Context.Root.VPid, 0);
        DescriptorServer.Move(first, "pidfd", opened, server.Base);
        var lowest = 0;
        foreach (var entry in table.Entries)
        {
            var batch = next();
            var saved = server.Files.Description(entry.Description);
            var got = batch.Must("fetch", saved, Sys.pidfd_getfd, server.Base, server.NumberOf(saved), 0);
            if (entry.Fd == lowest)
            {
                // pidfd_getfd sets FD_CLOEXEC.
                if (!entry.CloseOnExec)
                    batch.Must("keep open over exec", saved, Sys.fcntl, entry.Fd, FSetFd, 0);
                lowest++;
            }
            else
            {
                batch.Must("place", saved, Sys.dup3, got, entry.Fd, entry.CloseOnExec ? OpenFlags.CloseOnExec : 0);
                batch.Must("close", saved, Sys.close, got);
            }
            InTask(server, task, entry, saved, batch);
        }
        foreach (var entry in table.Entries)
            if (server.Files.Description(entry.Description) is var saved && saved.Task == task.Image && saved.Fd == entry.Fd)
                DescriptorKinds.Find(saved.Data.FdType)!.LinkInTask(server, task, saved, next());
        next().Must("close the pidfd", null, Sys.close, server.Base);
        return null;
    }

    private static void InTask(DescriptorServer server, RestoringTask task, FdEntRecord entry, SavedDescription saved, SyscallBatch batch)
        => DescriptorKinds.Find(saved.Data.FdType)!.RestoreInTask(server, task, entry, saved, batch);

    /// <summary>A shared table is made when the task is created (CLONE_FILES); here it can only be looked for.</summary>
    private static void RequireShared(DescriptorServer server, RestoringTask task, SavedTable table)
    {
        var owner = server.Context.Tasks[table.Owner.Index];
        if (!Kcmp.Same(owner.Pid, task.Pid, KcmpType.Files))
            throw new CrTargetException("CrSharedTable", $"Task {task} was to share its descriptor table with task {owner}, and does not.", "Such sharing cannot be restored yet.") { Pid = task.Pid };
    }
}
