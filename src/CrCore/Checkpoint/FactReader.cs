using CrCore.Kernel;
using CrCore.Objects;
using CrCore.Objects.Files;

namespace CrCore.Checkpoint;

/// <summary>
/// Reads, on a thread of its own, what kinds are going to ask, into the facts that all readers share: looking at a tree is
/// mostly waiting for proc(5), and this keeps a second processor busy with it. It comes from the last task and the last
/// thread, towards the one who looks from the first on; then it goes ahead of the one who captures. What it cannot read it leaves to whoever asks, with the error that
/// belongs there.
/// </summary>
internal sealed class FactReader : IDisposable
{
    internal const int FewThreads = 8;

    private readonly List<MemoryMapping> _mappings = [];
    private readonly List<DetailedMapping> _details = [];
    private readonly bool _smaps;
    private readonly Task? _work;
    private volatile bool _stop;

    /// <param name="capture">Also what only the capture of a frozen task asks for.</param>
    /// <param name="glimpse">See <see cref="InspectContext.IsGlimpse"/>.</param>
    /// <param name="smaps">And smaps, which the capture does not ask for where it has foreseen it (<see cref="Foresight"/>).</param>
    public FactReader(ProcFacts facts, KindStates states, IReadOnlyList<LiveTask> tasks, bool capture, bool glimpse, bool smaps = false)
    {
        _smaps = smaps;
        var threads = 0;
        for (var i = 0; i < tasks.Count && threads < FewThreads; i++)
            threads += tasks[i].Tids.Count;
        if (threads >= FewThreads && Environment.ProcessorCount > 1)
            _work = Task.Run(() => Read(facts, states.Get<KnownDescriptors>(), tasks, capture, glimpse));
    }

    public void Dispose()
    {
        _stop = true;
        _work?.Wait();
    }

    private void Read(ProcFacts facts, KnownDescriptors descriptors, IReadOnlyList<LiveTask> tasks, bool capture, bool glimpse)
    {
        using var proc = new ProcReader(facts);
        for (var i = tasks.Count - 1; i >= 0 && !_stop; i--)
            Try(tasks[i], task => ReadInspected(proc, descriptors, task, capture, glimpse));
        // The capture has more to do than to read, and stays behind when it is begun with.
        for (var i = 0; capture && i < tasks.Count && !_stop; i++)
            Try(tasks[i], task => ReadCaptured(proc, task));
    }

    private static void Try(LiveTask task, Action<LiveTask> read)
    {
        if (task.IsZombie)
            return;
        try
        {
            read(task);
        }
        catch (CrKernelException)
        {
        }
    }

    private void ReadInspected(ProcReader proc, KnownDescriptors descriptors, LiveTask task, bool held, bool glimpse)
    {
        Span<ulong> namespaces = stackalloc ulong[ProcNamespaces.Count];
        var many = held && task.Tids.Count >= FewThreads;
        // The dearest of all files: of a process of many threads it takes as long as the looks at a hundred of them.
        if (many && _smaps)
            ReadDetails(proc, task);
        using var kept = many ? ThreadNamespaces.Hold(task.Pid) : null;
        for (var i = task.Tids.Count - 1; i >= 0 && !_stop; i--)
        {
            var dir = new TaskDir(task.Pid, task.Tids[i]);
            if (!glimpse || i == 0)
                ProcStatus.TryRead(proc, dir, out _);
            if (!glimpse)
                ProcNamespaces.TryReadAll(proc, dir, namespaces, held);
        }
        proc.TryRead(task.Pid, "timers"u8, out _);
        proc.TryReadLink(task.Pid, "cwd"u8, out _);
        proc.TryReadLink(task.Pid, "root"u8, out _);
        proc.TryReadLink(task.Pid, "exe"u8, out _);
        descriptors.Of(proc, task.Pid);
        _mappings.Clear();
        ProcMaps.TryRead(proc, task.Pid, _mappings);
    }

    private void ReadCaptured(ProcReader proc, LiveTask task)
    {
        if (_smaps)
            ReadDetails(proc, task);
        proc.TryRead(task.Pid, "limits"u8, out _);
        proc.TryRead(task.Pid, "auxv"u8, out _);
        proc.TryRead(task.Pid, "coredump_filter"u8, out _);
        proc.TryRead(task.Pid, "oom_score_adj"u8, out _);
        for (var i = 0; i < task.Tids.Count && !_stop; i++)
        {
            var dir = new TaskDir(task.Pid, task.Tids[i]);
            proc.TryRead(dir, "loginuid"u8, out _);
            proc.TryRead(dir, "cgroup"u8, out _);
        }
    }

    private void ReadDetails(ProcReader proc, LiveTask task)
    {
        _details.Clear();
        ProcSmaps.TryRead(proc, task.Pid, _details);
    }
}
