using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>A range of another process's memory; laid out as struct iovec.</summary>
/// <param name="Start">First address.</param>
/// <param name="Length">Bytes.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct RemoteRange(ulong Start, ulong Length);

/// <summary>
/// process_vm_readv(2) and process_vm_writev(2): memory of another process that has the rights for the access by its
/// page tables (PROT_NONE, a write to read-only memory and addresses outside of mappings fail with EFAULT;
/// <see cref="ProcessMemoryFile"/> gets past the rights). Needs ptrace access to the process.
/// </summary>
public static unsafe partial class ProcessMemory
{
    /// <summary>IOV_MAX: the most ranges of one call (UIO_MAXIOV, linux/uio.h).</summary>
    private const int MaxRanges = 1024;

    /// <summary>Fills <paramref name="destination"/> from <paramref name="address"/> on.</summary>
    /// <exception cref="CrKernelException">Some of it could not be read; <c>Object</c> names the first address that could not.</exception>
    public static void Read(int pid, ulong address, Span<byte> destination)
        => Read(pid, [new RemoteRange(address, (ulong)destination.Length)], destination);

    /// <summary>Fills <paramref name="destination"/> from several ranges one after the other, as many as there are, 1,024 in one call.</summary>
    /// <exception cref="ArgumentException">The ranges do not add up to the span's length.</exception>
    /// <exception cref="CrKernelException">Some of it could not be read; <c>Object</c> names the first address that could not.</exception>
    public static void Read(int pid, ReadOnlySpan<RemoteRange> ranges, Span<byte> destination)
    {
        fixed (byte* local = destination)
            TransferAll(pid, ranges, local, destination.Length, write: false);
    }

    /// <summary>Writes all of <paramref name="source"/> to <paramref name="address"/>.</summary>
    /// <exception cref="CrKernelException">Some of it could not be written; <c>Object</c> names the first address that could not.</exception>
    public static void Write(int pid, ulong address, ReadOnlySpan<byte> source)
        => Write(pid, [new RemoteRange(address, (ulong)source.Length)], source);

    /// <summary>Spreads <paramref name="source"/> over several ranges, one after the other.</summary>
    /// <exception cref="ArgumentException">The ranges do not add up to the span's length.</exception>
    /// <exception cref="CrKernelException">Some of it could not be written; <c>Object</c> names the first address that could not.</exception>
    public static void Write(int pid, ReadOnlySpan<RemoteRange> ranges, ReadOnlySpan<byte> source)
    {
        fixed (byte* local = source)
            TransferAll(pid, ranges, local, source.Length, write: true);
    }

    /// <summary>
    /// Reads as far as memory can be read from <paramref name="address"/> on: the count of bytes, less than asked for
    /// where a page cannot be read. <paramref name="stop"/> says why it stopped: EFAULT, ESRCH (the process is gone),
    /// EPERM …, or None.
    /// </summary>
    public static int ReadAvailable(int pid, ulong address, Span<byte> destination, out Errno stop)
    {
        fixed (byte* local = destination)
            return Transfer(pid, [new RemoteRange(address, (ulong)destination.Length)], local, destination.Length, write: false, out stop, out _);
    }

    private static void TransferAll(int pid, ReadOnlySpan<RemoteRange> ranges, byte* local, int length, bool write)
    {
        ulong sum = 0;
        foreach (var range in ranges)
            sum += range.Length;
        if (sum != (ulong)length)
            throw new ArgumentException($"The ranges hold {sum} bytes, the span {length}.", nameof(ranges));
        var done = Transfer(pid, ranges, local, length, write, out var errno, out var at);
        if (CrEventSource.Log.IsEnabled())
            CrEventSource.Log.KernelCall(write ? "process_vm_writev" : "process_vm_readv", pid, done);
        if (done < length)
            throw KernelError.Create("CrProcessMemoryFailed", $"{(write ? "Writing" : "Reading")} memory failed after {done} of {length} bytes",
                errno, pid, $"0x{at:x}");
    }

    // The kernel stops early at an address that it cannot reach and gives the count so far; the errno comes with a call
    // that can do nothing at all. A call moves at most MAX_RW_COUNT bytes, which is why a short count is not yet a failure.
    private static int Transfer(int pid, ReadOnlySpan<RemoteRange> ranges, byte* local, int length, bool write, out Errno stop, out ulong at)
    {
        var done = 0;
        var first = 0;
        ulong into = 0;
        stop = Errno.None;
        at = 0;
        while (done < length)
        {
            while (into >= ranges[first].Length)
            {
                into -= ranges[first].Length;
                first++;
            }
            at = ranges[first].Start + into;
            var n = Call(pid, ranges[first..], into, local + done, length - done, write);
            if (n < 0)
            {
                stop = KernelError.Last;
                if (stop == Errno.EINTR)
                    continue;
                return done;
            }
            if (n == 0)
            {
                stop = Errno.EFAULT;
                return done;
            }
            done += (int)n;
            into += (ulong)n;
        }
        return done;
    }

    private static nint Call(int pid, ReadOnlySpan<RemoteRange> ranges, ulong into, byte* local, int length, bool write)
    {
        var count = Math.Min(ranges.Length, MaxRanges);
        var own = new RemoteRange((ulong)local, (ulong)length);
        fixed (RemoteRange* remote = ranges)
        {
            if (into == 0)
                return Call(pid, &own, remote, count, write);
            // In the middle of a range: its rest alone, so that the caller's list needs no change.
            var rest = new RemoteRange(ranges[0].Start + into, ranges[0].Length - into);
            return Call(pid, &own, &rest, 1, write);
        }
    }

    private static nint Call(int pid, RemoteRange* own, RemoteRange* remote, int count, bool write)
        => write ? ProcessVmWritev(pid, own, 1, remote, (nuint)count, 0) : ProcessVmReadv(pid, own, 1, remote, (nuint)count, 0);

    [LibraryImport("libc", EntryPoint = "process_vm_readv", SetLastError = true)]
    private static partial nint ProcessVmReadv(int pid, RemoteRange* local, nuint localCount, RemoteRange* remote, nuint remoteCount, nuint flags);

    [LibraryImport("libc", EntryPoint = "process_vm_writev", SetLastError = true)]
    private static partial nint ProcessVmWritev(int pid, RemoteRange* local, nuint localCount, RemoteRange* remote, nuint remoteCount, nuint flags);
}
