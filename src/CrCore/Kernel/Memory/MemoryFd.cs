using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CrCore.Kernel;

/// <summary>memfd_create(2).</summary>
internal static unsafe partial class MemoryFd
{
    private const uint CloseOnExec = 1, Exec = 0x10;

    /// <summary>A file in memory with the given contents that can be executed through /proc/self/fd.</summary>
    public static SafeFileHandle CreateExecutable(string name, ReadOnlySpan<byte> contents)
    {
        // MFD_EXEC says it aloud since Linux 6.3; older kernels answer EINVAL and need no word.
        var fd = Create(name, CloseOnExec | Exec);
        if (fd == -(int)Errno.EINVAL)
            fd = Create(name, CloseOnExec);
        if (fd < 0)
            throw new CrKernelException("CrMemfdFailed", $"Creating a file in memory for {name}", Libc.ErrnoOf(fd),
                "sysctl vm.memfd_noexec must not be 2: restore starts its processes from a file in memory.");
        var handle = new SafeFileHandle((nint)fd, ownsHandle: true);
        RandomAccess.Write(handle, contents, 0);
        return handle;
    }

    /// <summary>An empty file in memory, which is gone with its handle.</summary>
    public static SafeFileHandle Create(string name)
    {
        var fd = Create(name, CloseOnExec);
        return fd >= 0 ? new SafeFileHandle((nint)fd, ownsHandle: true)
            : throw new CrKernelException("CrMemfdFailed", $"Creating a file in memory for {name}", Libc.ErrnoOf(fd));
    }

    private static long Create(string name, uint flags)
    {
        var text = Marshal.StringToCoTaskMemUTF8(name);
        try
        {
            return Libc.Syscall(Sys.memfd_create, text, flags);
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
    }
}
