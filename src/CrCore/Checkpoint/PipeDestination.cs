using System.Globalization;
using CrCore.Image;
using CrCore.Kernel;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Checkpoint;

/// <summary>
/// A pipe or socket that takes the image while it is made; nothing is kept here. What has been read at its other end is not
/// known: the image is whole there when its tail has arrived.
/// </summary>
public sealed class PipeDestination : ImageDestination
{
    /// <summary>What an ordinary user may ask for (pipe-max-size in pipe(7)); the default of 64 KiB means a switch of tasks for each.</summary>
    private const long PipeBytes = 1 << 20;

    private readonly CountingStream _stream;

    private PipeDestination(string path, OwnDescriptor pipe)
    {
        Path = path;
        // Refused for a socket, and where the user's pipes take too much already: then it stays as large as it is.
        _ = pipe.SetPipeSize(PipeBytes);
        _stream = new CountingStream(new FileStream(new SafeFileHandle(pipe.DangerousGetHandle(), ownsHandle: false), FileAccess.Write, bufferSize: 0), pipe);
    }

    /// <inheritdoc/>
    public override string Path { get; }

    /// <inheritdoc/>
    public override Stream Stream => _stream;

    /// <inheritdoc/>
    public override long Length => _stream.Written;

    /// <inheritdoc/>
    public override bool CanBeginAgain => false;

    /// <inheritdoc/>
    public override void Commit()
    {
    }

    /// <inheritdoc/>
    public override void Dispose() => _stream.Dispose();

    /// <summary>Opens the path where it is a pipe; waits for the reader of a FIFO.</summary>
    /// <returns>null where the path is no pipe.</returns>
    /// <exception cref="CrArgumentException">CrImageNotAPipe: the descriptor is of something else.</exception>
    /// <exception cref="OperationCanceledException">No reader came.</exception>
    public static PipeDestination? TryOpen(string path, CancellationToken cancel)
    {
        if (OwnNumber(path) is >= 0 and var number)
            return new PipeDestination(path, OpenOwn(path, number));
        return FileStatus.Read(path, out var status) == Errno.None && status.IsFifo ? new PipeDestination(path, OpenFifo(path, cancel)) : null;
    }

    /// <summary>Whether the path is what this program writes its output to: nothing else may come between or behind then.</summary>
    public static bool IsStandardOutput(string path)
        => OwnNumber(path) is >= 0 and var number
        && (number == 1 || (FileStatus.ReadOwn(number, out var its) == Errno.None && FileStatus.ReadOwn(1, out var output) == Errno.None && (its.Device, its.Inode) == (output.Device, output.Inode)));

    /// <summary>The number of a descriptor of this process that the path means, or −1.</summary>
    private static int OwnNumber(string path)
    {
        if (path == "/dev/stdout")
            return 1;
        foreach (var folder in (ReadOnlySpan<string>)["/dev/fd/", "/proc/self/fd/"])
            if (path.StartsWith(folder, StringComparison.Ordinal) && int.TryParse(path.AsSpan(folder.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return number;
        return -1;
    }

    private static OwnDescriptor OpenOwn(string path, int number)
    {
        if (FileStatus.ReadOwn(number, out var status) is not Errno.None and var errno)
            throw new CrKernelException("CrImageCreateFailed", $"This program has no descriptor {number}", errno, "Give the path of a file.") { Object = path };
        // A file behind it would not appear as a whole or not at all; a terminal would show an image.
        if (!status.IsFifo && !status.IsSocket)
            throw new CrArgumentException("CrImageNotAPipe", $"'{path}' leads to no pipe.", "Give the path of the file itself, or pipe the output into another program.") { Object = path };
        var copy = Libc.Syscall(Sys.dup, number);
        return copy >= 0 ? OwnDescriptor.Adopt(copy)
            : throw new CrKernelException("CrImageCreateFailed", $"Taking descriptor {number}", Libc.ErrnoOf(copy), null) { Object = path };
    }

    /// <summary>Looks for a reader again and again, so that the wait can be cancelled; then opens it in the ordinary way.</summary>
    private static OwnDescriptor OpenFifo(string path, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            using var trial = OwnDescriptor.Open(path, FileNative.O_WRONLY | FileNative.O_NONBLOCK, out var errno);
            if (trial is not null && OwnDescriptor.Open($"/proc/self/fd/{trial.Number}", FileNative.O_WRONLY, out errno) is { } pipe)
                return pipe;
            if (errno != Errno.ENXIO)
                throw new CrKernelException("CrImageCreateFailed", $"Could not open the pipe '{path}'", errno, Image.WriteError.Advice(errno)) { Object = path };
            cancel.WaitHandle.WaitOne(20);
        }
    }

    private sealed class CountingStream(Stream inner, OwnDescriptor pipe) : ForwardWriter
    {
        public long Written { get; private set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Written += buffer.Length;
        }

        public override void Flush() => inner.Flush();

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            pipe.Dispose();
            base.Dispose(disposing);
        }
    }
}
