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

    /// <summary>So many that two look at them: none is missed, and each child is known to be the thread's that made it.</summary>
    [FactWith("python3")]
    public void A_walk_finds_the_children_of_each_of_many_threads()
    {
        using var child = OwnChild.Python("""
            import os, sys, threading
            lines, turn = [], threading.Lock()
            started = threading.Barrier(101)
            def run(i):
                if i % 9 == 0:
                    with turn:
                        p = os.fork()
                        if p == 0:
                            os.read(0, 1)
                            os._exit(0)
                        lines.append(f'{threading.get_native_id()} {p}')
                started.wait()
                threading.Event().wait()
            threading.stack_size(65536)
            for i in range(100): threading.Thread(target=run, args=(i,), daemon=True).start()
            started.wait()
            print('ready', flush=True)
            print(*lines, flush=True)
            sys.stdin.read()
            """);
        var n = child.Output.ReadLine()!.Split(' ').Select(int.Parse).ToArray();
        using var reader = new ProcReader();

        var walk = CrCore.Checkpoint.TreeWalk.Walk(reader, child.Pid);

        Assert.Equal(101, walk[0].Tids.Count);
        Assert.Equal(n.Chunk(2).Select(p => (p[0], p[1])).Order(), walk.Skip(1).Select(t => (t.ParentTid, t.Pid)).Order());
        Assert.Equal(12, walk[0].Children.Count);
    }
}
