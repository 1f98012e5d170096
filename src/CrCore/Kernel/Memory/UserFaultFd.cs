using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct uffdio_api of linux/userfaultfd.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdApi
{
    /// <summary>UFFDIO_API.</summary>
    public const uint Request = 0xc018aa3f;

    /// <summary>UFFD_API.</summary>
    public const ulong Version = 0xaa;

    public ulong Api, Features, Ioctls;
}

/// <summary>struct uffdio_register.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdRegister
{
    /// <summary>UFFDIO_REGISTER.</summary>
    public const uint Request = 0xc020aa00;

    /// <summary>UFFDIO_REGISTER_MODE_MISSING.</summary>
    public const ulong Missing = 1;

    /// <summary>UFFDIO_REGISTER_MODE_WP and UFFDIO_REGISTER_MODE_MINOR.</summary>
    public const ulong WriteProtect = 2, Minor = 4;

    public ulong Start, Length, Mode, Ioctls;
}

/// <summary>struct uffdio_writeprotect.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdWriteProtect
{
    /// <summary>UFFDIO_WRITEPROTECT.</summary>
    public const uint Request = 0xc018aa06;

    /// <summary>UFFDIO_WRITEPROTECT_MODE_WP.</summary>
    public const ulong Protect = 1;

    public ulong Start, Length, Mode;
}

/// <summary>struct uffdio_continue.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdContinue
{
    /// <summary>UFFDIO_CONTINUE.</summary>
    public const uint Request = 0xc020aa07;

    public ulong Start, Length, Mode;
    public long Mapped;
}

/// <summary>struct uffdio_move.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdMove
{
    /// <summary>UFFDIO_MOVE.</summary>
    public const uint Request = 0xc028aa05;

    public ulong Destination, Source, Length, Mode;
    public long Moved;
}

/// <summary>struct uffdio_copy.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct UffdCopy
{
    /// <summary>UFFDIO_COPY.</summary>
    public const uint Request = 0xc028aa03;

    /// <summary>UFFDIO_COPY_MODE_DONTWAKE: nobody waits for a page.</summary>
    public const ulong DontWake = 1;

    public ulong Destination, Source, Length, Mode;
    public long Copied;
}

/// <summary>
/// Puts pages into another address space by a userfaultfd(2) that was opened there and has its ranges registered: fresh
/// pages are filled at once, where a write would have each cleared first. Several threads may do so at the same time.
/// </summary>
public static unsafe class UserFaultFd
{
    /// <summary>UFFD_USER_MODE_ONLY of linux/userfaultfd.h: all that needs no privilege (vm.unprivileged_userfaultfd).</summary>
    public const int UserModeOnly = 1;

    /// <summary>Opens one and asks it for features: whether this program may have such a one, on this kernel.</summary>
    public static Errno Try(int flags, ulong features)
    {
        TryOpen(flags, features, out var errno)?.Dispose();
        return errno;
    }

    /// <summary>Opens one for this process' own memory, which is closed in the programs that it runs.</summary>
    /// <returns>null where the kernel lets this program have no such one; <paramref name="errno"/> says why.</returns>
    public static OwnDescriptor? TryOpen(int flags, ulong features, out Errno errno)
    {
        var r = Libc.Syscall(Sys.userfaultfd, flags | FileNative.O_CLOEXEC);
        errno = Libc.ErrnoOf(r);
        if (errno != Errno.None)
            return null;
        var own = OwnDescriptor.Adopt(r);
        errno = Control(own, UffdApi.Request, new UffdApi { Api = UffdApi.Version, Features = features });
        if (errno == Errno.None)
            return own;
        own.Dispose();
        return null;
    }

    /// <summary>A request that does something to the address space of who made the descriptor, whoever asks.</summary>
    public static Errno Control<T>(OwnDescriptor descriptor, uint request, T argument) where T : unmanaged
        => Libc.ErrnoOf(Libc.Syscall(Sys.ioctl, descriptor.Number, request, (long)(&argument)));

    /// <summary>Copies whole pages to where there are none yet.</summary>
    /// <returns>Bytes that were copied; less than all where the kernel stopped.</returns>
    public static int Copy(OwnDescriptor descriptor, ulong address, ReadOnlySpan<byte> pages)
    {
        var done = 0;
        fixed (byte* source = pages)
            while (done < pages.Length)
            {
                var copy = new UffdCopy
                {
                    Destination = address + (ulong)done, Source = (ulong)source + (ulong)done, Length = (ulong)(pages.Length - done), Mode = UffdCopy.DontWake,
                };
                var r = Libc.Syscall(Sys.ioctl, descriptor.Number, UffdCopy.Request, (long)(&copy));
                if (CrEventSource.Log.IsEnabled())
                    CrEventSource.Log.KernelCall("UFFDIO_COPY", descriptor.Number, r < 0 ? r : copy.Copied);
                if (r == 0)
                    return pages.Length;
                // Stopped half-way: what was done so far, else −errno (userfaultfd_copy in fs/userfaultfd.c).
                if (Libc.ErrnoOf(r) != Errno.EAGAIN || copy.Copied <= 0)
                    return done;
                done += (int)copy.Copied;
            }
        return done;
    }
}
