using CrCore.Kernel;

namespace CrCore.Image;

/// <summary>
/// A pipe that an image is read from, whose writer may come late, pause, or never come: every wait can be cancelled. An
/// ordinary open(2) of a FIFO, and read(2) of any pipe, would wait for the writer whatever happens here.
/// </summary>
internal sealed class PipeSource(OwnDescriptor pipe, CancellationToken cancel) : ForwardReader
{
    private const int PollIn = 1, SliceMilliseconds = 50;

    /// <summary>A FIFO that need not have a writer yet; null where it cannot be opened.</summary>
    public static PipeSource? TryOpen(string path, CancellationToken cancel)
        => OwnDescriptor.Open(path, FileNative.O_NONBLOCK, out _) is { } pipe ? new PipeSource(pipe, cancel) : null;

    /// <exception cref="OperationCanceledException">Nothing came.</exception>
    /// <exception cref="IOException">read(2) failed.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            // A FIFO that never had a writer reports nothing; one whose writer has gone, a hang-up (poll(2)).
            if (pipe.Poll(PollIn, SliceMilliseconds) == 0)
                continue;
            var n = pipe.Read(buffer);
            if (n >= 0)
                return (int)n;
            if (Libc.ErrnoOf(n) is var errno and not (Errno.EAGAIN or Errno.EINTR))
                throw new IOException(errno.Describe());
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            pipe.Dispose();
        base.Dispose(disposing);
    }
}
