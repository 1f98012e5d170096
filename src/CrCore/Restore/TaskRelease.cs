using System.Runtime.InteropServices;
using CrCore.Kernel;
using CrCore.Objects.Signals;
using CrCore.Remote;

namespace CrCore.Restore;

/// <summary>
/// The last steps of a restored task: its puppet's memory goes, its threads get their own registers and masks, and all
/// are let go.
/// </summary>
internal static class TaskRelease
{
    private const int SigTrap = 5;

    /// <summary>Somebody may let it go on at once: then it is not waited for in vain for long.</summary>
    private static readonly TimeSpan _mostToStop = TimeSpan.FromSeconds(2);

    /// <summary>Tasks that are on their way at once.</summary>
    private const int Together = 32;

    /// <summary>Unmaps each task's puppet by a <c>syscall</c> instruction of its own vdso, and sets the final registers.</summary>
    /// <param name="tasks">All of their state restored.</param>
    /// <param name="puppets">Their leaders.</param>
    /// <param name="instruction">The address of the bytes 0f 05 in a task's vdso.</param>
    public static void Prepare(IReadOnlyList<RestoringTask> tasks, PuppetTree puppets, Func<RestoringTask, ulong> instruction)
    {
        for (int end = tasks.Count, first; end > 0; end = first)
        {
            first = FirstBefore(tasks, end);
            for (var i = first; i < end; i++)
                StartUnmapping(tasks[i], puppets[tasks[i]], instruction(tasks[i]));
            for (var i = first; i < end; i++)
                new LastCall(tasks[i].Pid, Sys.munmap).GoOn();
            for (var i = first; i < end; i++)
            {
                new LastCall(tasks[i].Pid, Sys.munmap).Finish();
                GiveState(tasks[i]);
            }
        }
    }

    /// <summary>
    /// The last tasks come first: a parent, which stands before its children, must be able to run calls when those that are to
    /// be stopped have been.
    /// </summary>
    private static int FirstBefore(IReadOnlyList<RestoringTask> tasks, int end)
    {
        var first = end - 1;
        while (first > 0 && end - first < Together && !HearsOfOneOf(tasks[first - 1]))
            first--;
        return first;

        bool HearsOfOneOf(RestoringTask parent)
        {
            for (var i = first; i < end; i++)
                if (tasks[i].Parent == parent && StopNotice.IsRaisedBy(tasks[i]))
                    return true;
            return false;
        }
    }

    /// <summary>The signals last: a thread that is still to be given its registers may have to run for a moment.</summary>
    private static void GiveState(RestoringTask task)
    {
        foreach (var thread in task.Threads)
            thread.GiveRegisters!();
        if (task.StopSignal != 0)
            GroupStop.Enter(task, task.StopSignal);
        foreach (var thread in task.Threads)
            thread.GiveSignals!();
    }

    private static void StartUnmapping(RestoringTask task, Puppet puppet, ulong instruction)
    {
        StopNotice.TakeBack(task);
        if (task.TrapAction is { } action)
        {
            ProcessMemory.Write(task.Pid, puppet.Arena, MemoryMarshal.AsBytes(new ReadOnlySpan<KernelSigAction>(in action)));
            var call = new LastCall(puppet.Tid, Sys.rt_sigaction);
            call.Start(instruction, SigTrap, puppet.Arena, 0, SignalSet.Size);
            call.GoOn();
            call.Finish();
        }
        new LastCall(puppet.Tid, Sys.munmap).Start(instruction, puppet.Page, (ulong)(PuppetElf.PageSize + puppet.ArenaSize));
    }

    /// <summary>From here on the task lives without its tracer.</summary>
    public static void Disarm(RestoringTask task)
    {
        foreach (var thread in task.Threads)
            TraceCall.Check(Ptrace.SetOptions(thread.Tid, PtraceOptions.TraceSysGood), "Disarming", thread.Tid);
    }

    /// <summary>
    /// A stopped task comes to its place of waiting by itself, within the kernel, and shows as running until then: whoever is
    /// let go after it, and whoever called, is to find it stopped.
    /// </summary>
    public static void Detach(ProcReader proc, RestoringTask task)
    {
        foreach (var thread in task.Threads)
            TraceCall.Check(Ptrace.Detach(thread.Tid), "Detaching", thread.Tid);
        if (task.StopSignal != 0)
            foreach (var thread in task.Threads)
                SpinWait.SpinUntil(() => !ProcStat.TryRead(proc, new TaskDir(task.Pid, thread.Tid), out var stat) || stat.State == TaskState.Stopped, _mostToStop);
    }
}
