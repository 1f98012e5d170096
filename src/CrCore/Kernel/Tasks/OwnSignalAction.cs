using System.Runtime.InteropServices;

namespace CrCore.Kernel;

/// <summary>struct sigaction of glibc on x86-64 (bits/sigaction.h), for this process's own signals; the mask is 1024 bits wide.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe partial struct OwnSignalAction
{
    /// <summary>SIG_DFL and SIG_IGN, as values of <see cref="Handler"/>.</summary>
    public const nint Default = 0, Ignore = 1;

    public nint Handler;
    public fixed ulong Mask[16];
    public int Flags;
    public nint Restorer;

    /// <summary>sigaction(2): sets an action, gives the one before, or both.</summary>
    /// <returns>0, or −1 with the error in the last system error.</returns>
    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    public static partial int Exchange(int signal, OwnSignalAction* action, OwnSignalAction* old);
}
