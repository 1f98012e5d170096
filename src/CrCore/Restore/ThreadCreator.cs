using CrCore.Image;
using CrCore.Kernel;
using CrCore.Objects.Files;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>Creates the threads of a task inside its puppet, each with its tid.</summary>
internal static class ThreadCreator
{
    private const CloneFlags Flags = CloneFlags.Vm | CloneFlags.Fs | CloneFlags.Files | CloneFlags.SigHand | CloneFlags.Thread
        | CloneFlags.SysVSem | CloneFlags.Ptrace;

    private const int SetTidAt = 64, MaxPerBatch = 512;

    public static void Create(RestoringTask task, Puppet leader, ProcReader proc)
    {
        var images = task.Image.Threads;
        task.Threads.Add(new RestoringThread { Task = task, Image = images[0], Remote = leader });
        for (var i = 1; i < images.Count; i += MaxPerBatch)
            CreateSome(task, leader, proc, i, Math.Min(images.Count, i + MaxPerBatch));
    }

    private static void CreateSome(RestoringTask task, Puppet leader, ProcReader proc, int first, int end)
    {
        var batch = new SyscallBatch();
        var slots = new Slot[end - first];
        for (var i = first; i < end; i++)
        {
            var tid = batch.In(BitConverter.GetBytes(task.Image.Threads[i].VTid));
            var flags = task.Image.Threads[i].Get<FsRecord>() is null ? Flags : Flags & ~CloneFlags.Fs;
            var args = batch.In(new CloneArgs { Flags = (ulong)flags, SetTidSize = 1 });
            batch.Pointer(args.Skip(SetTidAt), tid);
            slots[i - first] = batch.Must("create thread", task.Image.Threads[i].VTid, Sys.clone3, args, args.Length);
        }
        leader.Run(batch);
        var tids = HostTids(task, proc);
        for (var i = first; i < end; i++)
        {
            var vtid = task.Image.Threads[i].VTid;
            if (!tids.TryGetValue(vtid, out var tid))
                throw new CrTargetException("CrCreateFailed", $"The new thread {vtid} of task {task} was not found.") { Pid = task.Pid };
            var puppet = leader.NewThread(tid);
            puppet.AwaitBirth();
            task.Threads.Add(new RestoringThread { Task = task, Image = task.Image.Threads[i], Remote = puppet });
        }
    }

    /// <summary>Thread ids as this process sees them, by the numbers in the tree's own pid namespace.</summary>
    private static Dictionary<int, int> HostTids(RestoringTask task, ProcReader proc)
    {
        var tids = new List<int>();
        ProcTasks.TryListThreads(proc, task.Pid, tids);
        var byVTid = new Dictionary<int, int>(tids.Count);
        foreach (var tid in tids)
            if (task.Pid == task.VPid)
                byVTid[tid] = tid;
            else if (ProcStatus.TryRead(proc, new TaskDir(task.Pid, tid), out var status) && status.NamespacePids is [.., var vtid])
                byVTid[vtid] = tid;
        return byVTid;
    }
}
