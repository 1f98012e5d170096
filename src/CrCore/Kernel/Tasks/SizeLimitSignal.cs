namespace CrCore.Kernel;

/// <summary>What the kernel sends a thread that writes beyond the limit of file sizes (SIGXFSZ, setrlimit(2)); by itself it ends the process.</summary>
/// <remarks>
/// Ignored and not handled: a handler of the .NET runtime runs on a thread of its own, later, and where it has been taken away by then, the
/// signal's own action follows. The action of a signal belongs to the process, and so does the count of those who write.
/// </remarks>
internal sealed unsafe class SizeLimitSignal
{
    private const int SigXfsz = 25;

    private static readonly SizeLimitSignal Own = new();

    private readonly Lock _lock = new();
    private int _writers;
    private OwnSignalAction _before;

    /// <summary>Until disposed of, such a write fails with EFBIG and does nothing else.</summary>
    /// <exception cref="CrKernelException">CrSignalFailed.</exception>
    public static IDisposable Ignore()
    {
        Own.Add();
        return new Writer();
    }

    private void Add()
    {
        lock (_lock)
        {
            if (_writers > 0)
            {
                _writers++;
                return;
            }
            var ignored = new OwnSignalAction { Handler = OwnSignalAction.Ignore };
            OwnSignalAction before;
            if (OwnSignalAction.Exchange(SigXfsz, &ignored, &before) != 0)
                throw KernelError.FromLast("CrSignalFailed", "Ignoring SIGXFSZ failed");
            (_before, _writers) = (before, 1);
        }
    }

    private void Remove()
    {
        lock (_lock)
        {
            if (--_writers > 0)
                return;
            OwnSignalAction now;
            // Whoever has set a handler meanwhile keeps it.
            if (OwnSignalAction.Exchange(SigXfsz, null, &now) != 0 || now.Handler != OwnSignalAction.Ignore)
                return;
            var before = _before;
            _ = OwnSignalAction.Exchange(SigXfsz, &before, null);
        }
    }

    private sealed class Writer : IDisposable
    {
        private int _disposed;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
                Own.Remove();
        }
    }
}
