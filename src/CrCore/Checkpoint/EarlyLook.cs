using System.Collections.Concurrent;
using CrCore.Kernel;

namespace CrCore.Checkpoint;

/// <summary>
/// Reads, on a thread of its own, what only a thread itself can change (its namespaces and its audit user), as soon as that thread
/// stands, while others are still being stopped: a second processor has little else to do then, and it is half of what has to be
/// read of a thread. It counts only if the tree was stopped at the first try.
/// </summary>
internal sealed class EarlyLook : IDisposable
{
    private readonly ConcurrentQueue<TaskDir> _standing = new();
    private readonly ProcFacts _learned = new();
    private readonly SemaphoreSlim _more = new(0);
    private readonly Task _work;
    private readonly int _holder;
    private volatile bool _stop;

    /// <param name="many">A process of many threads.</param>
    private EarlyLook(LiveTask many)
    {
        _holder = many.Pid;
        _work = Task.Run(Read);
    }

    /// <returns>null where it is not worth it.</returns>
    public static EarlyLook? Of(IReadOnlyList<LiveTask> tasks)
    {
        if (Environment.ProcessorCount < 2)
            return null;
        foreach (var task in tasks)
            if (task.Tids.Count >= FactReader.FewThreads)
                return new EarlyLook(task);
        return null;
    }

    /// <summary>A thread stands.</summary>
    public void Add(TaskDir thread)
    {
        _standing.Enqueue(thread);
        _more.Release();
    }

    /// <summary>Ends the reading; what was learned of threads that have stood since is given to others.</summary>
    public void GiveTo(ProcFacts facts)
    {
        Dispose();
        facts.Take(_learned);
    }

    public void Dispose()
    {
        _stop = true;
        _more.Release();
        _work.Wait();
    }

    private void Read()
    {
        using var proc = new ProcReader(_learned);
        using var held = ThreadNamespaces.Hold(_holder);
        Span<ulong> namespaces = stackalloc ulong[ProcNamespaces.Count];
        while (true)
        {
            _more.Wait();
            if (_stop)
                return;
            if (!_standing.TryDequeue(out var thread))
                continue;
            try
            {
                ProcNamespaces.TryReadAll(proc, thread, namespaces, held: true);
                proc.TryRead(thread, "loginuid"u8, out _);
            }
            catch (CrKernelException)
            {
                // Whoever asks for it is told.
            }
        }
    }
}
