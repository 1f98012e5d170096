namespace CrCore.Kernel;

/// <summary>How this process hears of its children (SIGCHLD, sigaction(2)).</summary>
/// <remarks>
/// The disposition of a signal belongs to the process, and so does the count of those who hold it: two pieces of
/// traced work may run side by side.
/// </remarks>
internal sealed unsafe class ChildSignal
{
    private const int SigChld = 17, SaNoCldStop = 1;
    private const int MostLooks = 50;

    private static readonly ChildSignal Own = new();

    private readonly Lock _lock = new();
    private readonly Dictionary<int, TracedChild> _traced = [];
    private int _holders;
    private OwnSignalAction _saved;

    /// <summary>
    /// Until disposed of, no handler hears of SIGCHLD: the .NET runtime's would look for ended children, and take for such
    /// one that is in a ptrace stop (a tracer's wait reports those whatever it asks for: wait_task_stopped in
    /// kernel/exit.c; and a tracee's end raises SIGCHLD in its tracer: exit_notify). Children that end meanwhile stay to
    /// be waited for, and the signal is raised once at the end if there are such.
    /// </summary>
    /// <remarks>SA_NOCLDSTOP alone would not do: it keeps back the signals of stops, not those of ends beside them.</remarks>
    public static IDisposable Hold()
    {
        Own.Add();
        return new Holder();
    }

    /// <summary>For a holder, before it traces a child of this process: however its stops are taken, its end will be waited for.</summary>
    public static void IsToBeTraced(int pid)
    {
        lock (Own._lock)
            if (!Own._traced.ContainsKey(pid) && TracedChild.TryOpen(pid) is { } child)
                Own._traced.Add(pid, child);
    }

    private void Add()
    {
        lock (_lock)
        {
            if (_holders++ > 0)
                return;
            var quiet = new OwnSignalAction { Handler = OwnSignalAction.Default, Flags = SaNoCldStop };
            OwnSignalAction before;
            if (OwnSignalAction.Exchange(SigChld, &quiet, &before) != 0)
                throw KernelError.FromLast("CrSignalFailed", "Holding back SIGCHLD failed");
            _saved = before;
        }
    }

    private void Remove()
    {
        lock (_lock)
        {
            if (--_holders > 0)
                return;
            // Before the runtime hears of an end that it would find again and again.
            foreach (var child in _traced.Values)
                child.LetGo();
            _traced.Clear();
            OwnSignalAction now;
            // Whoever has set a handler meanwhile (the runtime, at its first child) keeps it.
            if (OwnSignalAction.Exchange(SigChld, null, &now) == 0 && now.Handler == OwnSignalAction.Default && _saved.Handler != OwnSignalAction.Ignore)
            {
                // With an inherited SIG_IGN no end could ever be waited for; it becomes the default.
                var saved = _saved;
                _ = OwnSignalAction.Exchange(SigChld, &saved, null);
            }
            // Only where a child has ended: the runtime looks on a thread of its own, later, and would take for an end a stop of
            // the child that the next holder has made by then.
            if (!Wait.AnyChildHasEnded())
                return;
            // To this very thread, where it is taken before the call returns. Sent to the process it would wait for the main
            // thread to be scheduled, and the next holder's default action, to ignore it, would throw it away
            // (do_sigaction in kernel/signal.c): an ended child would then stay a zombie.
            Libc.Syscall(Sys.tgkill, Environment.ProcessId, Libc.Syscall(Sys.gettid), SigChld);
            // The runtime asks each of its children then: it gets the time for that before the next holder stops one. An end that is
            // not the runtime's to take is not waited for any longer.
            for (var look = 0; look < MostLooks && Wait.AnyChildHasEnded(); look++)
                Thread.Sleep(1);
        }
    }

    private sealed class Holder : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                Own.Remove();
        }
    }
}
