using CrCore.Kernel;
using Xunit;

namespace CrProperty.Kernel;

public class ProcTasksTest
{
    [FactWith("python3")]
    public void Threads_and_the_children_of_each_are_listed()
    {
        using var child = OwnChild.Python("""
            import os, subprocess, sys, threading
            started, lines = threading.Barrier(4), []
            def run():
                p = os.fork()
                if p == 0:
                    os.read(0, 1)
                    os._exit(0)
                lines.append(f'{threading.get_native_id()} {p}')
                started.wait()
                threading.Event().wait()
            for i in range(3): threading.Thread(target=run, daemon=True).start()
            started.wait()
            print('ready', flush=True)
            print(*lines, flush=True)
            sys.stdin.read()
            """);
        var n = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        using var reader = new ProcReader();
        List<int> threads = [], children = [], all = [];

        Assert.True(ProcTasks.TryListThreads(reader, child.Pid, threads));
        foreach (var tid in threads)
        {
            List<int> own = [];
            Assert.True(ProcTasks.TryListChildren(reader, child.Pid, tid, own));
            Assert.Equal(tid == child.Pid ? 0 : 1, own.Count);
            children.AddRange(own);
        }
        ProcTasks.ListAll(reader, all);

        Assert.Equal(child.Pid, threads[0]);
        Assert.Equal(new[] { child.Pid, n[0], n[2], n[4] }.Order(), threads.Order());
        Assert.Equal(new[] { n[1], n[3], n[5] }.Order(), children.Order());
        Assert.Superset(children.Append(child.Pid).ToHashSet(), all.ToHashSet());
        Assert.True(ProcStat.TryRead(reader, new TaskDir(child.Pid, n[0]), out var thread));
        Assert.Equal((n[0], 4, -1), (thread.Pid, thread.ThreadCount, thread.ExitSignal));
    }
}
