using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>
/// /proc/PID/mem (proc_pid_mem(5)): an address space by a descriptor that keeps naming it. The kernel gets past the
/// mapping's rights (FOLL_FORCE in fs/proc/base.c) unless <c>proc_mem.force_override</c> says otherwise: text and
/// read-only private memory can be written (a private copy is made), PROT_NONE memory read.
/// </summary>
public sealed unsafe partial class ProcessMemoryFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly int _pid;

    private ProcessMemoryFile(SafeFileHandle file, int pid)
    {
        _file = file;
        _pid = pid;
    }

    /// <summary>The descriptor, for calls that take one (a remote process's pread of it, splice …).</summary>
    public SafeFileHandle Handle => _file;

    /// <summary>Opens the memory of a process; null when it is gone or a zombie (as root; an ordinary user gets EACCES for a zombie).</summary>
    /// <exception cref="CrKernelException">No ptrace access to the process (EACCES).</exception>
    public static ProcessMemoryFile? TryOpen(int pid, bool writable = false)
    {
        var path = new ProcPath(stackalloc byte[ProcPath.Size], pid, "mem"u8);
        var fd = FileNative.Open(path.Terminated, writable ? FileNative.O_RDWR : FileNative.O_RDONLY);
        if (fd >= 0)
            return new ProcessMemoryFile(new SafeFileHandle(fd, ownsHandle: true), pid);
        if (KernelError.Last is Errno.ENOENT or Errno.ESRCH)
            return null;
        throw KernelError.FromLast("CrProcessMemoryFailed", $"Opening {path.ToString()} failed", pid, path.ToString());
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="address"/> on.</summary>
    /// <exception cref="CrKernelException">An address has no page (EIO), or the address space has ended.</exception>
    public void Read(ulong address, Span<byte> destination)
    {
        fixed (byte* p = destination)
            for (var done = 0; done < destination.Length;)
                done += Check(PRead(_file, p + done, (nuint)(destination.Length - done), (long)address + done), "Reading", address + (ulong)done);
    }

    /// <summary>Writes all of <paramref name="source"/> to <paramref name="address"/>.</summary>
    /// <exception cref="CrKernelException">An address has no page or may not be written (EIO), or the address space has ended.</exception>
    public void Write(ulong address, ReadOnlySpan<byte> source)
    {
        fixed (byte* p = source)
            for (var done = 0; done < source.Length;)
                done += Check(PWrite(_file, p + done, (nuint)(source.Length - done), (long)address + done), "Writing", address + (ulong)done);
    }

    public void Dispose() => _file.Dispose();

    // mem_rw gives 0 when the address space has ended (no users left), EIO where a page cannot be reached.
    private int Check(nint n, string doing, ulong address)
    {
        if (CrEventSource.Log.IsEnabled())
            CrEventSource.Log.KernelCall($"{doing} /proc/PID/mem", _pid, n);
        if (n > 0)
            return (int)n;
        var errno = n == 0 ? Errno.ESRCH : KernelError.Last;
        return errno == Errno.EINTR
            ? 0
            : throw KernelError.Create("CrProcessMemoryFailed", $"{doing} memory through /proc/{_pid}/mem failed", errno, _pid, $"0x{address:x}");
    }

    [LibraryImport("libc", EntryPoint = "pread64", SetLastError = true)]
    private static partial nint PRead(SafeFileHandle fd, byte* buffer, nuint size, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite64", SetLastError = true)]
    private static partial nint PWrite(SafeFileHandle fd, byte* buffer, nuint size, long offset);
}
